package config

import (
	"fmt"
	"strconv"
	"strings"
)

// A Size is a number of bytes. As text it is a whole number with a unit, such as
// 50GiB, or without one.
type Size int64

// sizeUnits holds the units of sizes, the largest first.
var sizeUnits = []struct {
	name  string
	bytes Size
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// ParseSize reads a Size, which is not negative.
func ParseSize(text string) (Size, error) {
	number, unit := text, Size(1)
	for _, u := range sizeUnits {
		if before, ok := strings.CutSuffix(text, u.name); ok {
			number, unit = strings.TrimSpace(before), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || Size(n)*unit/unit != Size(n) {
		return 0, fmt.Errorf("is not a size such as 500MiB or 50GiB")
	}
	return Size(n) * unit, nil
}

// String returns the size in the largest unit of which it is a whole number.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && s%u.bytes == 0 {
			return fmt.Sprint(int64(s/u.bytes), u.name)
		}
	}
	return fmt.Sprint(int64(s))
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Size) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSize(string(text))
	return err
}
