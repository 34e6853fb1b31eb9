package monitor

import "smartlink/link"

// adminTexts are those of pages on which administrators keep tenants, apps, clients and people.
var adminTexts = map[string]link.Text{}
