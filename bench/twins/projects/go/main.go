// A small web service; for measuring smaller images.
package main

import (
	"net/http"
	"os"
)

const address = "127.0.0.1:8080"

func main() {
	if len(os.Args) > 1 {
		reply, err := http.Get("http://" + address)
		if err != nil || reply.StatusCode != http.StatusOK {
			os.Exit(1)
		}
		return
	}
	http.HandleFunc("/", func(reply http.ResponseWriter, request *http.Request) {
		reply.Write([]byte("42"))
	})
	http.ListenAndServe(address, nil)
}
