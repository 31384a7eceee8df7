package aicc

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// own lists the result codes on the page of each call (section 3).
var own = [opCount][]string{
	OpApply:      {CodeOK, CodeParam},
	OpConnect:    {CodeOK, CodeOffHours, CodeFailed},
	OpPoll:       {CodeOK},
	OpSend:       {CodeOK, CodeFailed},
	OpTransfer:   {CodeOK, CodeOffHours, CodeFailed},
	OpQueue:      {CodeOK, CodeParam, CodeMissing, CodeWrong, "4", CodeEnded, CodeInvalid},
	OpUpload:     {CodeOK, CodeMissing, CodeWrong, CodeFailed},
	OpDownload:   {CodeOK, CodeMissing, CodeFailed, CodeNoObjectKey},
	OpDisconnect: {CodeOK, CodeFailed},
	OpLeave:      {CodeOK, CodeMissing, CodeWrong, CodeFailed},
}

// anywhere are codes of what lies around a call: flow control, authentication, an exception.
var anywhere = []string{"10010000001", CodeFlowControl, "30010009999"}

// engine are the codes of CCUCS that do not begin with 160 or 164 (section 5.2).
var engine = []string{"1", "20139", "21053", "20348", "20388", "168101", "168104"}

// Documented reports whether the page of a call lists a result code, or the tables of codes that
// may surface in it do (section 5). Calls without a table of codes accept any.
func Documented(op Op, code string) bool {
	if op >= opCount || own[op] == nil {
		return true
	}
	if slices.Contains(own[op], code) || slices.Contains(anywhere, code) {
		return true
	}
	return surfaces(op) && isEngine(code)
}

// surfaces reports whether codes of the engine can be the result of a call.
func surfaces(op Op) bool {
	switch op {
	case OpConnect, OpSend, OpTransfer, OpDisconnect, OpQueue:
		return true
	}
	return false
}

func isEngine(code string) bool {
	n, err := strconv.Atoi(code)
	switch {
	case err != nil:
		return false
	case n >= 160000 && n < 161000, n >= 164000 && n < 165000, n == 1640034: // the last is printed so
		return true
	}
	return slices.Contains(engine, code)
}

// IsUploadType reports whether a fileType is one that the pages of uploadFileStream list (E07).
func IsUploadType(fileType string) bool {
	switch strings.ToLower(fileType) {
	case "jpg", "jpeg", "png", "bpm", "bmp", "mp3", "aac", "mp4", "txt", "csv":
		return true
	}
	return false
}

// number is a decimal number in a text.
var number = regexp.MustCompile(`[-+]?[0-9]+(\.[0-9]+)?`)

// IsLocation reports whether the content of a LOCATE has a latitude and a longitude (section 4). Its
// form is not documented, so two numbers that can be degrees are enough, in either order: in front of
// a description, with or without signs for degrees, or as fields of a JSON object.
func IsLocation(content string) bool {
	var found []float64
	for _, text := range number.FindAllString(content, 2) {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return false
		}
		found = append(found, math.Abs(v))
	}
	return len(found) == 2 && max(found[0], found[1]) <= 180 && min(found[0], found[1]) <= 90
}
