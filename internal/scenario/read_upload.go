package scenario

import (
	"fmt"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// fileTypes are the types the upload takes (docs/protocol.md, E07) and the kind each one is.
var fileTypes = map[string]string{
	"jpg": "image", "jpeg": "image", "png": "image", "bmp": "image",
	"mp3": "audio", "aac": "audio", "mp4": "video", "txt": "file", "csv": "file",
}

var typeNames = []string{"jpg", "jpeg", "png", "bmp", "mp3", "aac", "mp4", "txt", "csv"}

// generated is the type of a made file of a kind.
var generated = map[string]string{"image": "jpg", "audio": "mp3", "video": "mp4", "file": "txt"}

var uploadKind = choice([]string{"image", "audio", "video", "text", "file"}, "image", "audio", "video", "file", "file")

// upload reads a kind, for a made file, or a mapping that names a file.
func (f *flowReader) upload(n *yaml.Node) Step {
	var u Upload
	if n.Kind != yaml.MappingNode {
		u.Kind, _ = value(f.reader, "upload", n, uploadKind)
		u.Type = generated[u.Kind]
		return u
	}
	o := f.object("upload", n)
	set(o, "file", &u.File, filled)
	set(o, "kind", &u.Kind, uploadKind)
	set(o, "type", &u.Type, choice(typeNames, typeNames...))
	o.close()
	if file := o.get("file"); file != nil {
		f.uploadFile(&u, file)
		return u
	}
	switch kind := o.get("kind"); {
	case kind == nil:
		f.complain(n, "write upload: image, or {file: photo.png}", "upload: neither file nor kind is given")
	case u.Type == "":
		u.Type = generated[u.Kind]
	case u.Type != generated[u.Kind]:
		f.complain(n, fmt.Sprintf("leave type out or write type: %s", generated[u.Kind]), "upload: a made file of this kind cannot be of type %s", u.Type)
	}
	return u
}

// uploadFile completes u from its file's name and reads the content.
func (f *flowReader) uploadFile(u *Upload, at *yaml.Node) {
	if u.File == "" {
		return
	}
	if suffix := strings.ToLower(strings.TrimPrefix(filepath.Ext(u.File), ".")); u.Type == "" {
		if u.Type = suffix; fileTypes[suffix] == "" {
			f.complain(at, "write type: "+oneOf(typeNames), "upload: the suffix %q is not a type that can be uploaded", suffix)
		}
	}
	if u.Kind == "" {
		u.Kind = fileTypes[u.Type]
	}
	name, data, err := f.named(u.File, mostUpload)
	switch {
	case err != nil:
		f.complain(at, "", "upload: %s: %s", name, reason(err))
	case len(data) == 0:
		f.complain(at, "", "upload: %s is empty", name)
	}
	u.Bytes = data
}
