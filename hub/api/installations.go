package api

import (
	"net/http"

	"github.com/google/uuid"

	"smartlink/hub/registry"
	"smartlink/link"
)

var headerEpoch = parameter{
	name: "SL-Epoch", in: "header", schema: 0, example: 4,
	about: "Epoch of the active run of the installation; needed where the queue is bound to one",
}

// installationEndpoints are the calls about whose a client's queue is.
func (d *Door) installationEndpoints() []endpoint {
	r := d.cfg.Registry
	binding := []reply{{status: http.StatusOK, about: "Whose the queue is", schema: link.Binding{}}}
	one := func(method, id, summary, about string, who access, request *content, serve func(*call) error) endpoint {
		return endpoint{
			method: method, path: adminPath + "clients/{id}/installation", id: id, tag: tagAdmin, who: who, summary: summary, about: about, serve: serve,
			parameters: []parameter{headerLanguage}, request: request, answers: binding, problems: []link.Code{link.CodeNotFound},
		}
	}
	return []endpoint{
		{
			method: http.MethodPost, path: linkPath + "installation", id: "hold", tag: tagLink, who: aClient,
			summary: "Be, or stay, the active run of an installation",
			about: "Of the runs of an installation's agents one is active: it alone gets and acks, and names its epoch in SL-Epoch. It asks again before its " +
				"lease ends; when it does not, the next one that asks takes over. The first installation to ask binds the queue to itself.",
			parameters: []parameter{{name: "SL-Installation", in: "header", schema: "", example: sampleJob.String(), about: "Id of the agent's installation; needed"}, headerLanguage},
			request:    &content{types: []string{contentJSON}, schema: link.HoldRequest{}},
			answers:    []reply{{status: http.StatusOK, about: "Whether it is the active one", schema: link.HoldResponse{}}},
			problems:   []link.Code{link.CodeInstallation, link.CodeDatabaseOld},
			serve: change(func(c *call, in link.HoldRequest) (link.HoldResponse, error) {
				return d.cfg.Exchange.Hold(c.r.Context(), c.caller, in)
			}),
		},
		list("installations", "To which installations queues belong, by client", nil, func(c *call, l registry.List) (link.Page[link.Binding], error) {
			return r.Bindings(c.r.Context(), l)
		}),
		one(http.MethodGet, "installation", "To which installation a client's queue belongs", "", aViewer, nil, func(c *call) error {
			return answer(c, http.StatusOK, func(id link.ClientID) (link.Binding, error) { return r.Binding(c.r.Context(), id) })
		}),
		one(http.MethodPut, "bindInstallation", "Give a client's queue to an installation",
			"A run of another one is not the active one any more. Audited.", anAdmin, &content{types: []string{contentJSON}, schema: link.BindingRequest{}},
			change(func(c *call, in link.BindingRequest) (link.Binding, error) {
				id, err := c.clientID()
				if err != nil {
					return link.Binding{}, err
				}
				installation, err := link.ParseUUID(in.Installation)
				if err != nil || installation == uuid.Nil {
					return link.Binding{}, link.NewError(link.CodeRequestInvalid).Because(err).At("/installation", link.CodeRequestInvalid, link.NotUUID)
				}
				return r.BindTo(c.r.Context(), c.operator.Name, id, installation.String())
			})),
		one(http.MethodDelete, "releaseInstallation", "Take a client's queue from its installation",
			"For a machine that was lost: the next installation that comes gets the queue, and not the one it was taken from. Audited.", anAdmin, nil,
			func(c *call) error {
				return answer(c, http.StatusOK, func(id link.ClientID) (link.Binding, error) {
					return r.Release(c.r.Context(), c.operator.Name, id)
				})
			}),
	}
}

// installationSamples are examples of the description.
func installationSamples() []any {
	b := link.Binding{
		ClientID: sampleClient, Client: "rm", TenantID: sampleTenant, Installation: sampleJob.String(), BoundAt: sampleTime, Epoch: 4,
		Active: &link.Holder{Host: "erp-01", Since: sampleTime}, LeaseUntil: &sampleLater, StandBy: &link.Seen{Host: "erp-02", At: sampleTime},
	}
	return []any{
		link.HoldRequest{Instance: sampleCompany, Run: sampleMessage, Host: "erp-01", Lease: link.DefaultHold.String(), Epoch: 3, Moves: 1204},
		link.HoldResponse{Active: true, Epoch: 4, Lease: link.DefaultHold.String()},
		link.HelpEntry{HelpRequest: link.HelpRequest{
			ID: sampleJob, Message: sampleMessage, Action: link.HelpReprocess, Reason: "supplier created", By: "olga", At: sampleTime,
		}, Queue: link.QueueName(sampleTenant, sampleClient)},
		b, pageOf(b), link.BindingRequest{Installation: sampleJob.String()},
	}
}
