package hub

import "fmt"

func example() { fmt.Println("ready") }
