package demo

import (
	"encoding/json"
	"fmt"
	"path/filepath"

	"smartlink/examples"
)

// PostmanFile is the file in the demo's folder that Postman and Newman import as the environment of the
// collection in examples/postman. Only its owner may read it.
const PostmanFile = "postman.json"

// writePostman fills the environment "local" of the examples with this demo's address and log-ins.
func writePostman(dir string, v Env) error {
	var e struct {
		ID     string           `json:"id"`
		Name   string           `json:"name"`
		Scope  string           `json:"_postman_variable_scope"`
		Values []map[string]any `json:"values"`
	}
	if err := json.Unmarshal(examples.Postman(examples.PostmanLocal), &e); err != nil {
		return fmt.Errorf("environment for Postman: %w", err)
	}
	values := map[string]string{
		"server": v.Server, "tenantId": PostmanTenant, "clientId": v.Postman.ID, "clientSecret": v.Postman.Secret,
		"gesplanTenantId": v.Tenant, "gesplanClientId": v.Curl.ID, "gesplanClientSecret": v.Curl.Secret,
	}
	for _, x := range e.Values {
		name, _ := x["key"].(string)
		value, known := values[name]
		if !known {
			return fmt.Errorf("environment for Postman: nothing fills %q", name)
		}
		x["value"] = value
	}
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return writePrivate(filepath.Join(dir, PostmanFile), append(b, '\n'))
}
