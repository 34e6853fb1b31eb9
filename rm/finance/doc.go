// Package finance executes the commands over financial entries (FLAN). A command is decoded, judged
// by all rules at once, and only then written; a refused one writes nothing.
//
// The rules are those of the commands' specification: codes exist and are active, an entry is
// positive and due no earlier than issued, closed periods stay closed, an apportionment adds up
// exactly, an edit touches open entries only and leaves alone what the ERP keeps or has accounted.
package finance
