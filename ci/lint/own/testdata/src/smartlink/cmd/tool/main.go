// Command tool may print, and has nothing public.
package main

import "fmt"

func main() { fmt.Println("done") }

func Exported() {}
