package main

type eventsCommand struct {
	Simulate eventsSimulateCommand `cmd:"" help:"Send a made-up event to a URL, or to those who are told of a domain's events."`
}
