// Package link holds what every part of SmartLink shares: the message and its three identities, the
// envelope dialects, states, header names, limits, outcomes and the problem catalogue.
//
// It imports nothing of ours. A shape that two rooms need stands here once; changing one is a line in
// docs/decisions.
package link
