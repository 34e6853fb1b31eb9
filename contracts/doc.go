// Package contracts says what the commands look like: one field table per object, from which
// bodies are decoded and validated, and from which documentation and schemas are made.
//
// A table is declared once (FLAN, FLANRATCCU); a Command joins it with a message type and with
// what the command does. Command.Decode reads a body and reports everything that is wrong with its
// form at once, as Violations that point into the body. Whether a code exists or a date is closed
// is not form: that is judged by who executes the command.
//
// Numbers are exact (Decimal), business dates have no zone (Date), codes are strings even when
// they look like numbers. Nothing is rounded, cut or guessed.
package contracts
