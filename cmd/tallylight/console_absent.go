//go:build noconsole

package main

import "tallylight/internal/config"

// consoleBuilt says that this binary does not have the console.
const consoleBuilt = false

// newConsole says that this binary was built without the console.
func (s *server) newConsole(config.Config) pages {
	return noConsole("this tallylight was built without the console (build tag noconsole)")
}
