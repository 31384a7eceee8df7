package aicc

import (
	"encoding/json"
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

// IsLocation reports whether the content of a LOCATE has a latitude and a longitude (section 4):
// in this order in front of a description, or as fields of a JSON object, for the form is not
// documented.
func IsLocation(content string) bool {
	var object struct{ Latitude, Longitude Loose }
	if json.Unmarshal([]byte(content), &object) == nil {
		return isDegrees(string(object.Latitude), 90) && isDegrees(string(object.Longitude), 180)
	}
	parts := strings.FieldsFunc(content, func(r rune) bool { return strings.ContainsRune(",;，；| \t", r) })
	return len(parts) >= 2 && isDegrees(parts[0], 90) && isDegrees(parts[1], 180)
}

func isDegrees(s string, most float64) bool {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return err == nil && -most <= v && v <= most
}
