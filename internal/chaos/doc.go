// Package chaos kills hub, agent and a stand-in for RM, as real processes and without warning, while
// commands are on their way, and counts afterwards: nothing lost, nothing booked twice.
//
// Its tests need the program built with the tag killpoints and run with the same tag:
//
//	./ci/test crash          a kill at each named point, and some at random moments
//	./ci/test crash --long   many more of them
package chaos
