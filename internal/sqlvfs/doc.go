// Package sqlvfs stands between SQLite and the operating system: it puts functions in front of those by
// which SQLite writes its files, and with them gathers what a commit writes into its log.
package sqlvfs
