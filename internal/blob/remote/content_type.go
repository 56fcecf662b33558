package remote

import "path"

// contentTypes are those of what a recorder stores, by the extensions of names.
var contentTypes = map[string]string{
	".flv":  "video/x-flv",
	".jpg":  "image/jpeg",
	".m3u8": "application/vnd.apple.mpegurl",
	".m4s":  "video/iso.segment",
	".mp4":  "video/mp4",
	".mpd":  "application/dash+xml",
	".ts":   "video/mp2t",
}

// ContentType returns the media type that an object is served with.
func ContentType(name string) string {
	if t, ok := contentTypes[path.Ext(name)]; ok {
		return t
	}
	return "application/octet-stream"
}
