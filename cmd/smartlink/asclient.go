package main

import (
	"errors"
	"time"

	"smartlink/client"
	"smartlink/link"
)

// serverFlags say where the hub is and how to answer.
type serverFlags struct {
	Server string `help:"Address of the hub; default http://127.0.0.1:8484." default:"http://127.0.0.1:8484" env:"SMARTLINK_SERVER" placeholder:"URL"`
	JSON   bool   `name:"json" help:"Answer as JSON, for scripts."`
}

// clientFlags are a client's credentials. They are never printed.
type clientFlags struct {
	serverFlags
	ClientID     string `name:"client-id" help:"Client id." env:"SMARTLINK_CLIENT_ID" placeholder:"ID"`
	ClientSecret string `name:"client-secret" secret:"" help:"Its secret; better given by the environment or the configuration file." env:"SMARTLINK_CLIENT_SECRET" placeholder:"SECRET"`
}

// errNoClient says what is missing, before a hub is asked.
var errNoClient = errors.New("a client's credentials are needed: set SMARTLINK_CLIENT_ID and SMARTLINK_CLIENT_SECRET, or --client-id and --client-secret")

func (f clientFlags) given() bool { return f.ClientID != "" && f.ClientSecret != "" }

// client speaks to the hub as the client, for an app if one is named.
func (f clientFlags) client(e *env, app string) (*client.Client, error) {
	if !f.given() {
		return nil, errNoClient
	}
	id, err := link.ParseClientID(f.ClientID)
	if err != nil {
		return nil, err
	}
	return client.New(client.Config{Server: f.Server, ClientID: id, Secret: f.ClientSecret, App: app, CA: e.ca(), UserAgent: "smartlink-cli", Lang: e.lang()})
}

// eitherFlags are the credentials of commands that a client and a person may use. A person sees
// everything, so an API key wins.
type eitherFlags struct {
	clientFlags
	APIKey string `name:"api-key" secret:"" help:"API key of a person, instead of a client's credentials; it wins. Better given by the environment." env:"SMARTLINK_API_KEY" placeholder:"KEY"`
}

var errNobody = errors.New("credentials are needed: SMARTLINK_API_KEY, or SMARTLINK_CLIENT_ID and SMARTLINK_CLIENT_SECRET")

// admin speaks to the hub as the person with the API key.
func (f eitherFlags) admin(e *env) (*client.Admin, error) {
	return client.NewAdmin(client.AdminConfig{Server: f.Server, APIKey: f.APIKey, CA: e.ca(), UserAgent: "smartlink-cli", Lang: e.lang()})
}

// optional writes a moment, "" for none.
func optional(t *time.Time) string {
	if t == nil {
		return ""
	}
	return when(t)
}
