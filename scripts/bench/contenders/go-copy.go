// The proxy that every Go programmer writes first: two io.Copy for each connection. They splice(2) by
// themselves if both ends are sockets. Half-close passes through.
// Usage: go-copy LISTEN BACKEND, each HOST:PORT or unix:PATH
package main

import (
	"io"
	"log"
	"net"
	"os"
	"strings"
)

type halfCloser interface {
	net.Conn
	CloseWrite() error
}

func network(address string) (string, string) {
	if strings.HasPrefix(address, "unix:") {
		return "unix", strings.TrimPrefix(address, "unix:")
	}
	return "tcp", address
}

func forward(to, from halfCloser, done chan<- error) {
	_, err := io.Copy(to, from)
	if err == nil {
		err = to.CloseWrite()
	}
	done <- err
}

func serve(client halfCloser, backendAddress string) {
	defer client.Close()
	conn, err := net.Dial(network(backendAddress))
	if err != nil {
		return
	}
	backend := conn.(halfCloser)
	defer backend.Close()
	done := make(chan error, 2)
	go forward(backend, client, done)
	go forward(client, backend, done)
	if <-done == nil {
		<-done
	}
}

func main() {
	listener, err := net.Listen(network(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(client.(halfCloser), os.Args[2])
	}
}
