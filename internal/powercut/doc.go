// Package powercut shows tests what a power cut would have left of SQLite's files. It stands between
// SQLite and the operating system, notes every write, truncation, sync and deletion, and makes files
// anew as they may be found after a cut at any moment: what was synced is there; of what was not,
// every write, and every sector of it, may be there or not, in any combination.
//
// What it cannot show is a disk that says it has synced and has not.
package powercut
