package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	"smartlink/link"
)

// Values that the examples of the description are made of.
var (
	sampleTenant  = uuid.MustParse("b991502e-6faa-4e3a-aaf4-967c4fe2a196")
	sampleCompany = uuid.MustParse("0190f2c0-1a2b-7c3d-8e4f-5a6b7c8d9e0f")
	sampleMessage = uuid.MustParse("0190f2c6-5b1e-7c4e-9a7d-0d6c4b1f2a11")
	sampleJob     = uuid.MustParse("0190f2d1-77aa-7d21-9b0c-4f5e6d7c8b9a")
	sampleTime    = time.Date(2026, 3, 27, 9, 14, 13, 0, time.UTC)
	sampleLater   = sampleTime.Add(time.Minute)
	sampleTag     = int64(1)<<32 + 1
)

const (
	sampleClient link.ClientID = "0f4c1a52d7e14b6d8f3f0a9be2c7d815"
	sampleSender link.ClientID = "5d2f8e1b4c7a4930b6e8d1a2c3f40597"
	sampleQueue                = "b991502e-6faa-4e3a-aaf4-967c4fe2a196.0f4c1a52d7e14b6d8f3f0a9be2c7d815"
	sampleType                 = "FinLanIncDataCommand"
	sampleKey                  = "contract 42/2024-03/accrual"
	notASecret                 = "shown-once-and-kept-only-as-a-hash"
)

// samples is one value of each type that a call takes or answers: the example of the description where
// the call gives none of its own. A test wants one for each.
var samples = func() map[reflect.Type]any {
	list := map[reflect.Type]any{}
	for _, v := range sampleValues() {
		list[reflect.TypeOf(v)] = v
	}
	for _, v := range slices.Concat(schemaSamples(), searchSamples(), installationSamples()) {
		list[reflect.TypeOf(v)] = v
	}
	list[reflect.TypeFor[extendAnswer]()] = link.ExtendResult{DeliveryTag: sampleTag, LeaseUntil: &sampleLater}
	return list
}()

// sampleOf is the example of a type as JSON has it, nil when there is none.
func sampleOf(v any) any {
	s, ok := samples[reflect.TypeOf(v)]
	if !ok {
		return nil
	}
	return asJSON(s)
}

// asJSON takes a value through JSON, so that it is written as the API writes it.
func asJSON(v any) any {
	var out any
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(err) // a sample of ours that is no JSON: the first start fails
	}
	return out
}

func pageOf[T any](v T) link.Page[T] { return link.Page[T]{Items: []T{v}, Next: "WyJhbmEiXQ"} }

func sampleValues() []any {
	company := link.Company{ID: sampleCompany, Name: "Fazenda Boa Vista S.A.", CreatedAt: sampleTime}
	tenant := link.Tenant{ID: sampleTenant, CompanyID: sampleCompany, Company: company.Name, Name: "Produção", CreatedAt: sampleTime}
	app := link.App{Code: "GESPLAN", Name: "Gesplan", Sends: []string{sampleType}, Receives: []string{link.ResponseType(sampleType)}}
	client := link.Client{
		ID: sampleSender, TenantID: sampleTenant, Name: "gesplan", Apps: []string{"GESPLAN"}, CreatedAt: sampleTime,
		Secrets: []link.Secret{{ID: "s1", CreatedAt: sampleTime, LastUsed: &sampleLater}},
	}
	user := link.User{Name: "bruno", Role: link.RoleViewer, HasPassword: true, CreatedAt: sampleTime}
	queue := link.QueueInfo{
		Queue: sampleQueue, TenantID: sampleTenant, ClientID: sampleClient, Client: "rm", Subscriptions: []string{sampleType},
		RequeueCountMax: link.DefaultRequeueCountMax, CreatedAt: sampleTime, LastGet: &sampleLater,
		Counts: map[link.State]int64{link.StateReady: 2, link.StateLeased: 1, link.StateDead: 1, link.StateAcked: 4711},
	}
	job := link.Job{ID: sampleJob, Kind: "redrive", Queue: sampleQueue, By: "ana", State: link.JobRunning, StartedAt: sampleTime, Total: 120, Done: 40}
	entry := link.AuditEntry{At: sampleTime, Actor: "ana", Action: "client.create", Target: string(sampleSender), Detail: "gesplan"}
	return []any{
		link.MessageBody{
			ID: sampleMessage, TenantID: sampleTenant, Type: sampleType, ContentType: contentJSON,
			Content: new(`{"header":{"type":"FinLanIncDataCommand"},"data":{"CodColigada":1}}`),
		},
		link.InitRequest{Code: "the-code-the-hub-printed", User: "ana"}, link.InitResponse{User: "ana", Role: link.RoleAdministrator, APIKey: notASecret},
		link.CompanyRequest{Name: company.Name}, company, pageOf(company),
		link.TenantRequest{Company: company.Name, Name: tenant.Name}, tenant, pageOf(tenant),
		link.AppRequest{Name: app.Name, Sends: app.Sends, Receives: app.Receives}, app, pageOf(app),
		link.ClientRequest{TenantID: sampleTenant.String(), Name: client.Name, Apps: client.Apps}, client, pageOf(client),
		link.ClientChange{Apps: &[]string{"GESPLAN", "GESPLAN-RM"}}, link.ClientCreated{Client: client, Secret: notASecret},
		link.TenantRetention{TenantID: sampleTenant, HistoryDays: 7, WaitingDays: 90},
		link.RetentionPreview{
			TenantID: sampleTenant, HistoryDays: 3, WaitingDays: 90, Waiting: 2, History: 4711,
			Days: []link.HistoryDay{{Day: "2026-03-22", Messages: 4711, Until: sampleTime, Over: true}},
		},
		pageOf(link.KeepingRound{BeganAt: sampleTime, EndedAt: sampleLater, Moved: 1200, Days: 1, Discarded: 2, Freed: 73_400_320}),
		link.SecretCreated{ID: "s2", Secret: notASecret},
		link.UserRequest{Name: user.Name, Role: user.Role}, user, pageOf(user), link.UserCreated{User: user, Password: notASecret},
		link.UserChange{Role: new(link.RoleOperator)}, link.PasswordRequest{}, link.PasswordSet{User: user.Name, Password: notASecret},
		link.KeySet{User: user.Name, APIKey: notASecret},
		pageOf(queue), link.QueueDetail{QueueInfo: queue, Oldest: &sampleTime}, pageOf(sampleEntry()), pageOf(entry), sampleSeries(), link.CountCheckRequest{TenantID: &sampleTenant},
		link.CountCheck{Queues: 12, Differences: []link.CountDifference{{Queue: sampleQueue, State: link.StateDead, Kept: 2, Found: 1}}},
		link.ActResponse{Results: []link.ActResult{{ID: sampleMessage}}}, job, pageOf(job),
		link.SetupResponse{
			Queue: sampleQueue, Subscriptions: []string{sampleType}, RequeueCountMax: link.DefaultRequeueCountMax, Added: []string{sampleType},
			Removed: []string{}, Warnings: []link.Warning{},
		},
		link.GetResponse{Messages: []link.Delivery{sampleDelivery()}},
		link.BatchResponse{Results: []link.BatchResult{
			{Status: 202, SendResponse: &link.SendResponse{MessageID: sampleMessage, Queues: []string{sampleQueue}, Warnings: []link.Warning{}}},
			{Status: 422, Problem: link.NewError(link.CodeNoRoute, "type", "Note", "audience", link.LinkProxy).Problem(link.English, sampleJob.String())},
		}},
		link.AckResponse{Results: []link.AckResult{{DeliveryTag: sampleTag}, {DeliveryTag: sampleTag + 1, Code: link.CodeLeaseEnded}}},
		sampleTrace(), pageOf(sampleTrace()),
	}
}

func sampleSeries() link.QueueSeries {
	hour := sampleTime.Truncate(time.Hour)
	return link.QueueSeries{
		Queue: sampleQueue, From: hour, To: hour.Add(2 * time.Hour), StepSeconds: 3600, Points: []link.SeriesPoint{
			{At: hour, QueueFigures: link.QueueFigures{Published: 120, Delivered: 118, Acked: 116, Requeued: 1, Done: 110, Rejected: 4}, Waiting: 4},
			{At: hour.Add(time.Hour), Waiting: 4},
		},
	}
}

func sampleDelivery() link.Delivery {
	return link.Delivery{
		Tag: sampleTag, Attempt: 1, LeaseUntil: sampleLater,
		Message: link.Message{
			ID: sampleMessage, RootID: sampleMessage, BusinessKey: sampleKey, TenantID: sampleTenant, Sender: link.Sender{App: "GESPLAN", ClientID: sampleSender},
			Type: sampleType, Audience: link.LinkProxy, CreatedAt: sampleTime, ContentType: contentJSON,
			Headers: map[string]string{link.MetaAppCode: "GESPLAN", link.MetaAudience: link.LinkProxy, link.MetaSourceType: link.SourceHTTP},
			Body:    []byte(`{"header":{"type":"FinLanIncDataCommand"},"data":{"CodColigada":1,"IdLan":-1}}`),
		},
	}
}

func sampleEntry() link.QueueEntry {
	m := sampleDelivery().Message
	return link.QueueEntry{
		Position: 1, ID: m.ID, RootID: m.RootID, BusinessKey: m.BusinessKey, Type: m.Type, Audience: m.Audience, Sender: m.Sender, CreatedAt: m.CreatedAt,
		Headers: m.Headers, ContentType: m.ContentType, Size: 1309, State: link.StateDead, Attempt: 11, RequeueCount: 11, SettledAt: &sampleLater,
		DeadReason: link.DeadRequeueLimit, Reason: "database not reached",
	}
}

func sampleTrace() link.Trace {
	m := sampleDelivery().Message
	return link.Trace{
		ID: m.ID, RootID: m.RootID, BusinessKey: m.BusinessKey, Type: m.Type, Audience: m.Audience, Sender: m.Sender, CreatedAt: m.CreatedAt,
		Queues: []link.QueueTrace{{
			Queue: sampleQueue, State: link.StateAcked, Attempt: 1, ERP: &link.ERPStatus{State: link.ERPDone, Attempt: 1, At: sampleLater},
			Outcome: &link.Outcome{Number: 1, Status: link.ERPDone, Key: "1;4711", At: sampleLater},
			Events: []link.TraceEvent{
				{At: sampleTime, Event: link.EventAccepted}, {At: sampleTime, Event: link.EventQueued},
				{At: sampleTime, Event: link.EventDelivered, Attempt: 1, Client: sampleClient, Installation: sampleJob.String()},
				{At: sampleTime, Event: link.EventAcknowledged}, {At: sampleLater, Event: link.EventOutcome, Detail: "done 1;4711"},
			},
		}},
	}
}
