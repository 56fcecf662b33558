//go:build linux

package main

import (
	"bufio"
	"strings"
	"testing"
)

func TestAnswersAreReadOneByOne(t *testing.T) {
	t.Parallel()
	r := bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" +
		"HTTP/1.1 400 Bad Request\r\nContent-Length: 8\r\n\r\nThrottle"))
	if err := readAnswer(r); err != nil {
		t.Fatal(err)
	}
	if err := readAnswer(r); err == nil || !strings.Contains(err.Error(), "Throttle") {
		t.Errorf("second answer: %v, want an error that shows the body", err)
	}
	if err := readAnswer(r); err == nil {
		t.Error("an answer was read after the end")
	}
}
