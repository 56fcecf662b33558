package codec

import (
	"math"
	"testing"
)

func TestImpossiblePicturesAreUnknown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		width, height int
		frameRate     float64
		want          Info
	}{
		{"largest", 65535, 65535, 1000, Info{Width: 65535, Height: 65535, FrameRate: 1000}},
		{"width cropped below 0", -16, 1080, 25, Info{FrameRate: 25}},
		{"height of 0", 1920, 0, 25, Info{FrameRate: 25}},
		{"width that no file can tell", 65536, 1080, 25, Info{FrameRate: 25}},
		{"height that no file can tell", 1920, 65536, 25, Info{FrameRate: 25}},
		{"frame rate divided by 0", 1920, 1080, math.Inf(1), Info{Width: 1920, Height: 1080}},
		{"frame rate of 0 by 0", 1920, 1080, math.NaN(), Info{Width: 1920, Height: 1080}},
		{"frame rate beyond belief", 1920, 1080, 1001, Info{Width: 1920, Height: 1080}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got Info
			got.setPicture(tt.width, tt.height, tt.frameRate)
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
