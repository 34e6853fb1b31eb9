// Package activation says for which hub, as which client and for which apps an agent works, and lets
// people change it: search what a client can use, activate, remove.
//
// What is activated stands in a file beside the installation's, the client's secret sealed with the
// installation's key. Which apps there are, and where the hubs of the environments are, stands in
// totvsAppConfig_v2.json and totvsAppSaaS.json: built in, and replaced by files of these names in the
// installation's folder.
package activation
