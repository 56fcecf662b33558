package live

import "testing"

func TestPlaylistsAreNamedAfterTheirFile(t *testing.T) {
	t.Parallel()
	for kind, want := range map[SliceKind]string{
		SliceMuxed: "a/b.mpd/c_cmaf.m3u8",
		SliceVideo: "a/b.mpd/c_video.m3u8",
		SliceAudio: "a/b.mpd/c_audio.m3u8",
	} {
		if got := CMAFPlaylistKey("a/b.mpd/c.mpd", kind); got != want {
			t.Errorf("%q: got %s, want %s", kind, got, want)
		}
	}
}
