package link

import "net/http"

// Problem codes. Each has one entry below; the documentation and the OpenAPI types are made from it.
const (
	CodeTokenMissing  Code = "SL-TOKEN-MISSING"
	CodeTokenInvalid  Code = "SL-TOKEN-INVALID"
	CodeTokenExpired  Code = "SL-TOKEN-EXPIRED"
	CodeTokenRevoked  Code = "SL-TOKEN-REVOKED"
	CodeRole          Code = "SL-ROLE"
	CodeStartCode     Code = "SL-START-CODE"
	CodeKeyInvalid    Code = "SL-KEY-INVALID"
	CodeLogin         Code = "SL-LOGIN"
	CodeForeignPage   Code = "SL-FOREIGN-PAGE"
	CodeAppAmbiguous  Code = "SL-APP-AMBIGUOUS"
	CodeAppNotYours   Code = "SL-APP-NOT-PERMITTED"
	CodeTypeForbidden Code = "SL-TYPE-NOT-PERMITTED"
	CodeSubForbidden  Code = "SL-SUBSCRIPTION-NOT-PERMITTED"
	CodeInstallation  Code = "SL-INSTALLATION"
	CodeDatabaseOld   Code = "SL-DATABASE-OLD"

	CodeRequestInvalid   Code = "SL-REQUEST-INVALID"
	CodeTypeInvalid      Code = "SL-TYPE-INVALID"
	CodeAudienceInvalid  Code = "SL-AUDIENCE-INVALID"
	CodeBodyNotJSON      Code = "SL-BODY-NOT-JSON"
	CodeBodyEmpty        Code = "SL-BODY-EMPTY"
	CodeBodyTooLarge     Code = "SL-BODY-TOO-LARGE"
	CodeEnvelopeInvalid  Code = "SL-ENVELOPE-INVALID"
	CodeTypeMismatch     Code = "SL-TYPE-MISMATCH"
	CodeTenantMismatch   Code = "SL-TENANT-MISMATCH"
	CodeFieldContradicts Code = "SL-FIELD-CONTRADICTS"
	CodeHeadersTooLarge  Code = "SL-HEADERS-TOO-LARGE"
	CodeSchema           Code = "SL-SCHEMA"

	CodeNoRoute        Code = "SL-NO-ROUTE"
	CodeNoQueue        Code = "SL-NO-QUEUE"
	CodeIdempotency    Code = "SL-IDEMPOTENCY-CONFLICT"
	CodeLeaseEnded     Code = "SL-LEASE-ENDED"
	CodeTagUnknown     Code = "SL-TAG-UNKNOWN"
	CodeQueuePaused    Code = "SL-QUEUE-PAUSED"
	CodeNotYourMessage Code = "SL-NOT-YOUR-MESSAGE"
	CodeMessageUnknown Code = "SL-MESSAGE-NOT-FOUND"
	CodeBodyGone       Code = "SL-BODY-GONE"

	CodeNotFound       Code = "SL-NOT-FOUND"
	CodeMethod         Code = "SL-METHOD"
	CodeMediaType      Code = "SL-MEDIA-TYPE"
	CodeBodyIncomplete Code = "SL-BODY-INCOMPLETE"
	CodeConflict       Code = "SL-CONFLICT"
	CodeSecretLimit    Code = "SL-SECRET-LIMIT"
	CodeRateLimited    Code = "SL-RATE-LIMITED"
	CodeOutcomeUnknown Code = "SL-OUTCOME-UNKNOWN"
	CodeChangeUnknown  Code = "SL-CHANGE-UNKNOWN"
	CodeUnavailable    Code = "SL-UNAVAILABLE"
	CodeInternal       Code = "SL-INTERNAL"

	// Warnings of calls that went through.
	CodeNoBusinessKey Code = "SL-NO-BUSINESS-KEY"
	CodeAnswerLate    Code = "SL-ANSWER-LATE"
	CodeNoAnswerSub   Code = "SL-NO-ANSWER-SUBSCRIPTION"
	CodeNobodySends   Code = "SL-NOBODY-SENDS"
	CodeSchemaWarning Code = "SL-SCHEMA-WARNING"

	// On the ERP's side: reasons of blocked messages, and why an agent does not start.
	CodeDataInUse         Code = "SL-DATA-IN-USE"
	CodeHubKey            Code = "SL-HUB-KEY"
	CodeMoveUnfinished    Code = "SL-MOVE-UNFINISHED"
	CodeMoveChanged       Code = "SL-MOVE-CHANGED"
	CodeInsecureListen    Code = "SL-INSECURE-LISTEN"
	CodeAgentDied         Code = "SL-AGENT-DIED"
	CodeNoConsumer        Code = "SL-NO-CONSUMER"
	CodeAttemptsExhausted Code = "SL-ATTEMPTS-EXHAUSTED"
	CodeRefusedByHub      Code = "SL-REFUSED-BY-HUB"
	CodeUpstreamWrong     Code = "SL-UPSTREAM-WRONG"
	CodeLocalToken        Code = "SL-LOCAL-TOKEN"
	CodeAgentNotActive    Code = "SL-AGENT-NOT-ACTIVE"
	CodeConsumerPanic     Code = "SL-CONSUMER-PANIC"
	CodeConsumerFailed    Code = "SL-CONSUMER-FAILED"
	CodeConsumerAway      Code = "SL-CONSUMER-AWAY"
	CodeCallUnknown       Code = "SL-CALL-UNKNOWN"
	CodeConsumerConfig    Code = "SL-CONSUMER-CONFIG"
	CodeWriterConfig      Code = "SL-WRITER-CONFIG"
	CodeWriterAway        Code = "SL-WRITER-AWAY"
	CodeDuplicateDiffers  Code = "SL-DUPLICATE-DIFFERS"
	CodeForeignTables     Code = "SL-FOREIGN-TABLES"
	CodeSharedSchema      Code = "SL-SHARED-SCHEMA"
	CodeForeignDatabase   Code = "SL-FOREIGN-DATABASE"
	CodeNewerSchema       Code = "SL-NEWER-SCHEMA"
	CodeInstallationThere Code = "SL-INSTALLATION-THERE"
	CodeJoinCode          Code = "SL-JOIN-CODE"
	CodeLiveRM            Code = "SL-LIVE-RM"
	CodeNoReference       Code = "SL-NO-REFERENCE-SCHEMA"
	CodeNotInInbox        Code = "SL-NOT-IN-INBOX"
	CodeNotNow            Code = "SL-NOT-NOW"
	CodeDiscarded         Code = "SL-DISCARDED"
	CodeOnHold            Code = "SL-ON-HOLD"
	CodeEdited            Code = "SL-EDITED"
	CodeHelpOff           Code = "SL-HELP-OFF"
	CodeAnswerCut         Code = "SL-ANSWER-CUT"

	// Activation of apps beside the ERP.
	CodeAppNoPermission  Code = "SL-APP-NO-PERMISSION"
	CodeAppNotConfigured Code = "SL-APP-NOT-CONFIGURED"
	CodeAppUnknown       Code = "SL-APP-UNKNOWN"
	CodeNotActivated     Code = "SL-NOT-ACTIVATED"
	CodeOtherClient      Code = "SL-OTHER-CLIENT-ACTIVE"
	CodeSealedElsewhere  Code = "SL-SEALED-ELSEWHERE"
	CodeActivationFile   Code = "SL-ACTIVATION-FILE"
)

// Entry is one problem of the catalogue. {name} in a detail is filled by the error's arguments.
type Entry struct {
	Code               Code
	Status             int // HTTP status; 0 for codes that are no HTTP answer
	TitlePT, TitleEN   string
	DetailPT, DetailEN string
}

// Catalogue answers the entry of a code; unknown codes get that of CodeInternal.
func Catalogue(code Code) Entry {
	if e, ok := byCode[code]; ok {
		return e
	}
	return byCode[CodeInternal]
}

// Entries lists the whole catalogue in its order.
func Entries() []Entry { return catalogue }

var byCode = func() map[Code]Entry {
	m := make(map[Code]Entry, len(catalogue))
	for _, e := range catalogue {
		m[e.Code] = e
	}
	return m
}()

var catalogue = []Entry{
	{CodeTokenMissing, http.StatusUnauthorized, "Token ausente", "Token missing",
		"Envie o cabeçalho Authorization: Bearer <token>; o token vem de POST /totvs.rac/connect/token.",
		"Send the header Authorization: Bearer <token>; get the token from POST /totvs.rac/connect/token."},
	{CodeTokenInvalid, http.StatusUnauthorized, "Token inválido", "Token invalid",
		"O token não foi emitido para este hub ou foi alterado. Peça um novo em POST /totvs.rac/connect/token.",
		"The token was not issued for this hub, or was changed. Ask for a new one at POST /totvs.rac/connect/token."},
	{CodeTokenExpired, http.StatusUnauthorized, "Token expirado", "Token expired",
		"O token expirou em {at}. Peça um novo em POST /totvs.rac/connect/token.",
		"The token expired at {at}. Ask for a new one at POST /totvs.rac/connect/token."},
	{CodeTokenRevoked, http.StatusUnauthorized, "Token revogado", "Token revoked",
		"O acesso deste cliente foi revogado depois da emissão do token. Peça um novo token; se falhar, fale com o administrador do tenant.",
		"This client's access was revoked after the token was issued. Ask for a new token; if that fails, ask the tenant's administrator."},
	{CodeRole, http.StatusForbidden, "Papel insuficiente", "Role not sufficient",
		"Esta operação exige o papel {role}.",
		"This operation needs the role {role}."},
	{CodeStartCode, http.StatusForbidden, "Código de início inválido", "Start code not valid",
		"O código de primeiro acesso está errado ou já foi usado. Ele é mostrado uma vez, na primeira partida do hub.",
		"The first-start code is wrong or has been used. It is printed once, when the hub starts for the first time."},
	{CodeKeyInvalid, http.StatusUnauthorized, "Chave de API inválida", "API key not valid",
		"A chave de API é desconhecida. Envie Authorization: Bearer <chave>; a primeira vem de `smartlink admin init`.",
		"The API key is unknown. Send Authorization: Bearer <key>; the first one comes from `smartlink admin init`."},
	{CodeLogin, http.StatusUnauthorized, "Usuário ou senha incorretos", "User or password wrong",
		"O usuário ou a senha não confere, ou o acesso foi desativado. Um administrador redefine a senha com `smartlink admin user password`.",
		"User or password do not match, or the access was disabled. An administrator sets a new password with `smartlink admin user password`."},
	{CodeForeignPage, http.StatusForbidden, "Formulário de outro site", "Form of another site",
		"O formulário veio de uma página que não é deste monitor. Abra o monitor, entre e tente ali. Atrás de um proxy, informe o endereço em --public-url.",
		"The form came from a page that is not this monitor's. Open the monitor, log in and try there. Behind a proxy, give the address with --public-url."},
	{CodeAppAmbiguous, http.StatusUnprocessableEntity, "Aplicativo ambíguo", "App ambiguous",
		"Mais de um aplicativo deste cliente pode enviar {type}: {apps}. Diga qual no cabeçalho SL-App.",
		"More than one app of this client may send {type}: {apps}. Name one in the header SL-App."},
	{CodeAppNotYours, http.StatusForbidden, "Aplicativo não permitido", "App not permitted",
		"O aplicativo {app} não é permitido a este cliente. Permitidos: {apps}.",
		"The app {app} is not permitted to this client. Permitted: {apps}."},
	{CodeTypeForbidden, http.StatusForbidden, "Tipo não permitido", "Type not permitted",
		"Nenhum aplicativo deste cliente pode enviar {type}. O administrador do tenant concede tipos e aplicativos.",
		"No app of this client may send {type}. The tenant's administrator grants types and apps."},
	{CodeSubForbidden, http.StatusUnprocessableEntity, "Inscrição não permitida", "Subscription not permitted",
		"Este cliente não pode receber: {types}. Nada foi alterado.",
		"This client may not receive: {types}. Nothing was changed."},
	{CodeInstallation, http.StatusForbidden, "Outra instalação", "Another installation",
		"Esta fila pertence à instalação {bound}: {why}. Use as credenciais só na instância ativa dessa instalação. Se a máquina se perdeu, um administrador libera a fila com `smartlink admin client installation release`.",
		"This queue belongs to installation {bound}: {why}. Use the credentials in that installation's active instance only. If the machine was lost, an administrator releases the queue with `smartlink admin client installation release`."},
	{CodeDatabaseOld, http.StatusConflict, "Estado antigo do banco", "Older state of the database",
		"O hub já viu um estado mais novo do banco desta instalação (na máquina {host}, ativa desde {at}): este banco foi restaurado de um backup, ou é uma cópia. Use o banco certo. Para seguir com este, como outra instalação: `smartlink agent adopt`.",
		"The hub has seen a newer state of this installation's database (on machine {host}, active since {at}): this one was restored from a backup, or is a copy. Use the right database. To go on with this one, as another installation: `smartlink agent adopt`."},

	{CodeRequestInvalid, http.StatusUnprocessableEntity, "Pedido inválido", "Request invalid",
		"O pedido não está na forma esperada; veja errors.",
		"The request does not have the expected form; see errors."},
	{CodeTypeInvalid, http.StatusUnprocessableEntity, "Tipo inválido", "Type invalid",
		"{type} não pode ser um tipo de mensagem: uma letra, depois até 99 letras, dígitos, _ . ou -.",
		"{type} cannot be a message type: a letter, then up to 99 letters, digits, _ . or -."},
	{CodeAudienceInvalid, http.StatusUnprocessableEntity, "Audiência inválida", "Audience invalid",
		"{audience} não é uma audiência: use LinkProxy ou o código de um aplicativo (A-Z, 0-9 e -, 2 a 32).",
		"{audience} is no audience: use LinkProxy or the code of an app (A-Z, 0-9 and -, 2 to 32)."},
	{CodeBodyNotJSON, http.StatusBadRequest, "Corpo não é JSON", "Body is not JSON",
		"O Content-Type promete JSON, mas o corpo não é JSON válido ({where}). Nada foi guardado.",
		"The Content-Type promises JSON but the body is not valid JSON ({where}). Nothing was stored."},
	{CodeBodyEmpty, http.StatusBadRequest, "Corpo vazio", "Body empty",
		"A mensagem não tem corpo. Nada foi guardado.",
		"The message has no body. Nothing was stored."},
	{CodeBodyTooLarge, http.StatusRequestEntityTooLarge, "Corpo grande demais", "Body too large",
		"O corpo passa de {limit}. Dados em massa vão pelo compartilhamento de dados; nada foi guardado.",
		"The body is over {limit}. Mass data goes by data sharing; nothing was stored."},
	{CodeEnvelopeInvalid, http.StatusUnprocessableEntity, "Envelope inválido", "Envelope invalid",
		"Um campo do envelope não tem a forma esperada; veja errors. Nada foi guardado.",
		"A field of the envelope does not have the expected form; see errors. Nothing was stored."},
	{CodeTypeMismatch, http.StatusUnprocessableEntity, "Tipo contraditório", "Type contradicts",
		"O caminho diz {path}, o corpo diz {body}. Corrija um deles; nada foi guardado.",
		"The path says {path}, the body says {body}. Correct one of them; nothing was stored."},
	{CodeTenantMismatch, http.StatusForbidden, "Tenant contraditório", "Tenant contradicts",
		"O corpo traz o tenant {body}, que não é o do token. Confira as credenciais; nada foi guardado.",
		"The body names tenant {body}, which is not the token's. Check the credentials; nothing was stored."},
	{CodeFieldContradicts, http.StatusUnprocessableEntity, "Campo contraditório", "Field contradicts",
		"O cabeçalho {header} diz \"{inHeader}\", o corpo diz \"{inBody}\". Corrija um deles; nada foi guardado.",
		"The header {header} says \"{inHeader}\", the body says \"{inBody}\". Correct one of them; nothing was stored."},
	{CodeHeadersTooLarge, http.StatusUnprocessableEntity, "Cabeçalhos demais", "Too many headers",
		"Uma mensagem leva até 32 cabeçalhos SL-* e 8 KiB. Nada foi guardado.",
		"A message carries up to 32 SL-* headers and 8 KiB. Nothing was stored."},
	{CodeSchema, http.StatusUnprocessableEntity, "Corpo fora do esquema", "Body does not match the schema",
		"O corpo não segue o esquema de {type}; veja errors. O tenant exige o esquema: nada foi guardado. Teste com `smartlink schema check`.",
		"The body does not match the schema of {type}; see errors. The tenant enforces it: nothing was stored. Try with `smartlink schema check`."},

	{CodeNoRoute, http.StatusUnprocessableEntity, "Ninguém recebe este tipo", "Nobody hears this type",
		"Nenhuma fila do tenant para a audiência {audience} está inscrita em {type}; nada foi guardado. O receptor deve chamar POST /api/v1/link/setup com {type} em subscriptions.",
		"No queue of the tenant for audience {audience} subscribes to {type}; nothing was stored. The receiver must call POST /api/v1/link/setup with {type} in subscriptions."},
	{CodeNoQueue, http.StatusConflict, "Sem fila", "No queue",
		"Este cliente ainda não tem fila. Chame antes POST /api/v1/link/setup.",
		"This client has no queue yet. Call POST /api/v1/link/setup first."},
	{CodeIdempotency, http.StatusConflict, "Chave de idempotência reutilizada", "Idempotency key used again",
		"A mesma Idempotency-Key já veio com outro conteúdo (mensagem {first}). Use outra chave para outra mensagem; nada foi guardado.",
		"The same Idempotency-Key came before with other content (message {first}). Use another key for another message; nothing was stored."},
	{CodeLeaseEnded, http.StatusConflict, "Entrega encerrada", "Lease ended",
		"O prazo desta entrega terminou, ou ela já foi confirmada; nada mudou. A mensagem, se pendente, vem de novo com outra deliveryTag.",
		"This delivery's lease has ended, or it was settled before; nothing changed. The message, if open, comes again with another deliveryTag."},
	{CodeTagUnknown, http.StatusUnprocessableEntity, "deliveryTag desconhecida", "deliveryTag unknown",
		"Esta deliveryTag nunca foi entregue a esta fila.",
		"This deliveryTag was never given to this queue."},
	{CodeQueuePaused, http.StatusConflict, "Fila pausada", "Queue paused",
		"A fila está pausada ({reason}). Retome-a primeiro; nada mudou.",
		"The queue is paused ({reason}). Resume it first; nothing changed."},
	{CodeNotYourMessage, http.StatusForbidden, "Mensagem de outro", "Not your message",
		"A mensagem {id} não foi entregue a este cliente; só quem recebeu pode responder.",
		"Message {id} was not delivered to this client; only who received it may answer."},
	{CodeMessageUnknown, http.StatusNotFound, "Mensagem não encontrada", "Message not found",
		"Não há mensagem com este id para este cliente. Ela pode ter passado do tempo de retenção.",
		"There is no message with this id for this client. It may be past its retention."},
	{CodeBodyGone, http.StatusGone, "Corpo já apagado", "Body gone",
		"O hub não guarda mais o corpo desta mensagem.",
		"The hub no longer keeps this message's body."},

	{CodeNotFound, http.StatusNotFound, "Não encontrado", "Not found",
		"{what} não existe.",
		"{what} does not exist."},
	{CodeMethod, http.StatusMethodNotAllowed, "Método não permitido", "Method not allowed",
		"Este endereço não aceita {method}.",
		"This address does not take {method}."},
	{CodeMediaType, http.StatusUnsupportedMediaType, "Formato não aceito", "Format not taken",
		"O corpo veio como {got}; envie {want}.",
		"The body came as {got}; send {want}."},
	{CodeBodyIncomplete, http.StatusRequestTimeout, "Corpo incompleto", "Body incomplete",
		"O corpo não chegou inteiro a tempo. Nada foi guardado; repita o pedido.",
		"The body did not arrive whole in time. Nothing was stored; repeat the request."},
	{CodeConflict, http.StatusConflict, "Já existe", "Exists already",
		"{what} já existe.",
		"{what} exists already."},
	{CodeSecretLimit, http.StatusConflict, "Dois segredos já ativos", "Two live secrets already",
		"O cliente {client} já tem dois segredos ativos. Remova o que não se usa mais, depois crie outro; nada foi alterado.",
		"Client {client} has two live secrets already. Remove the one that is no longer used, then add another; nothing was changed."},
	{CodeRateLimited, http.StatusTooManyRequests, "Pedidos demais", "Too many requests",
		"O limite de pedidos foi atingido; espere o tempo de Retry-After.",
		"The request limit was reached; wait for the time in Retry-After."},
	{CodeOutcomeUnknown, http.StatusServiceUnavailable, "Resultado desconhecido", "Outcome unknown",
		"O disco falhou durante a gravação; não se sabe se a mensagem ficou guardada. Repita com a mesma Idempotency-Key.",
		"The disk failed while writing; it is not known whether the message was stored. Repeat with the same Idempotency-Key."},
	{CodeChangeUnknown, http.StatusServiceUnavailable, "Não se sabe se foi alterado", "Change in doubt",
		"O banco de dados falhou durante a gravação; não se sabe se a alteração foi feita. Consulte o que há antes de repetir.",
		"The database failed while writing; it is not known whether the change was made. Look at what is there before you repeat it."},
	{CodeUnavailable, http.StatusServiceUnavailable, "Indisponível", "Unavailable",
		"O hub não pode gravar agora; nada foi guardado. Tente de novo em instantes.",
		"The hub cannot write now; nothing was stored. Try again shortly."},
	{CodeInternal, http.StatusInternalServerError, "Erro interno", "Internal error",
		"Erro interno; informe o valor de instance ao suporte.",
		"Internal error; tell support the value of instance."},

	{CodeNoBusinessKey, 0, "Sem chave de negócio", "No business key",
		"Comando sem businessKey: um reenvio com outro id pode ser lançado outra vez. Envie o cabeçalho SL-Business-Key.",
		"Command without businessKey: a resend with another id may be booked again. Send the header SL-Business-Key."},
	{CodeAnswerLate, 0, "Resposta tardia", "Late answer",
		"O hub não tem mais a mensagem {id}; a resposta foi encaminhada, mas nenhum resultado foi marcado.",
		"The hub no longer has message {id}; the answer was passed on, but no outcome was set."},
	{CodeNoAnswerSub, 0, "Resposta não ouvida", "Answer not heard",
		"Este cliente pode enviar {type}, mas não está inscrito em {response}: não saberá o resultado.",
		"This client may send {type} but does not subscribe to {response}: it will not learn the outcome."},
	{CodeNobodySends, 0, "Ninguém envia", "Nobody sends",
		"Nenhum aplicativo conhecido envia {type}; confira o nome.",
		"No known app sends {type}; check the name."},
	{CodeSchemaWarning, 0, "Corpo fora do esquema", "Body does not match the schema",
		"A mensagem foi aceita, mas o corpo não segue o esquema de {type}; o receptor deve recusá-la. Veja errors.",
		"The message was taken, but the body does not match the schema of {type}; its receiver is likely to refuse it. See errors."},

	{CodeDataInUse, 0, "Pasta de dados em uso", "Data folder in use",
		"A pasta {dir} está em uso por outro processo. Pare-o, ou escolha outra pasta.",
		"The folder {dir} is in use by another process. Stop it, or choose another folder."},
	{CodeHubKey, 0, "Chave do hub não serve", "Hub key does not fit",
		"O arquivo {file} {why}, mas o banco de dados do hub guarda chaves de assinatura seladas com a chave original. Restaure do backup o arquivo original; vários hubs num mesmo banco precisam todos do mesmo arquivo. Nada foi alterado.",
		"The file {file} {why}, but the hub's database holds signing keys sealed with the original one. Restore the original file from backup; hubs that share a database all need the same file. Nothing was changed."},
	{CodeMoveUnfinished, 0, "Mudança de banco incompleta", "Unfinished move",
		"No banco {database} só está uma parte de um hub: smartlink hub migrate foi interrompido. Execute o mesmo comando de novo, e ele continua de onde parou; ou use outro banco.",
		"The database {database} holds a part of a hub: smartlink hub migrate was cut off. Run the same command again, and it goes on where it stopped; or use another database."},
	{CodeMoveChanged, 0, "A pasta mudou desde o início da mudança", "The folder has changed since the move began",
		"Uma parte já está no banco {database}, mas a pasta {dir} não é mais a de quando a mudança começou: é outra, ou um hub a abriu desde então. Nada foi alterado. Com --anew o que já foi movido é descartado e a mudança recomeça.",
		"A part is in the database {database} already, but the folder {dir} is not what it was when the move began: it is another one, or a hub has opened it since. Nothing was changed. With --anew what was moved is thrown away and the move begins again."},
	{CodeInsecureListen, 0, "HTTP sem TLS aberto à rede", "HTTP without TLS open to the network",
		"{listen} recebe conexões de outras máquinas, e sem TLS senhas e tokens passam às claras. Informe --tls-cert e --tls-key, escute em 127.0.0.1, ou, com um proxy com TLS à frente, use --insecure-listen.",
		"{listen} takes connections from other machines, and without TLS secrets and tokens pass in the clear. Give --tls-cert and --tls-key, listen on 127.0.0.1, or, with a proxy that has TLS in front, use --insecure-listen."},
	{CodeAgentDied, 0, "Agente caiu durante a execução", "Agent died while executing",
		"O agente caiu {n} vezes executando esta mensagem. Examine o log, corrija e reprocesse.",
		"The agent died {n} times while executing this message. Look at the log, mend and reprocess."},
	{CodeNoConsumer, 0, "Tipo sem consumidor", "No consumer for the type",
		"Este agente não tem consumidor para {type}. Atualize o agente ou ajuste as inscrições.",
		"This agent has no consumer for {type}. Upgrade the agent or change its subscriptions."},
	{CodeAttemptsExhausted, 0, "Tentativas esgotadas", "Out of attempts",
		"A execução falhou {n} vezes; última causa: {reason}. Corrija a causa e reprocesse.",
		"The execution failed {n} times; last cause: {reason}. Mend the cause and reprocess."},
	{CodeRefusedByHub, 0, "Recusada pelo hub", "Refused by the hub",
		"O hub recusou a mensagem: {reason}.",
		"The hub refused the message: {reason}."},
	{CodeUpstreamWrong, 0, "Mensagem para envio com erro", "Message to be sent is wrong",
		"A linha gravada para envio não segue o contrato de inserção: {reason}. Corrija o programa que a gravou; esta mensagem pode ser descartada.",
		"The row that was inserted for sending is not as the insert contract says: {reason}. Mend the program that wrote it; this message can be discarded."},
	{CodeLocalToken, http.StatusUnauthorized, "Token local ausente ou errado", "Local token missing or wrong",
		"Envie Authorization: Bearer com o token do arquivo {file}, na pasta da instalação do agente.",
		"Send Authorization: Bearer with the token of the file {file}, in the folder of the agent's installation."},
	{CodeAgentNotActive, http.StatusServiceUnavailable, "Agente não está ativo", "Agent not active",
		"Este agente não grava agora: nada está ativado, outra instância é a ativa, ou o banco não responde. Nada foi guardado; tente de novo, com a mesma chave de idempotência.",
		"This agent cannot write now: nothing is activated, another instance is the active one, or the database does not answer. Nothing was stored; try again, with the same idempotency key."},
	{CodeConsumerPanic, 0, "Erro no consumidor", "Consumer panicked",
		"O consumidor parou com um erro de programa: {reason}.",
		"The consumer stopped with a program error: {reason}."},
	{CodeConsumerFailed, 0, "Falha técnica", "Technical failure",
		"A execução falhou por causa técnica: {reason}.",
		"The execution failed for a technical cause: {reason}."},
	{CodeConsumerAway, 0, "Consumidor fora do ar", "Consumer away",
		"O programa que executa {type} não atende: {reason}. Nada foi enviado a ele e nenhuma tentativa é contada; tenta-se de novo sozinho. Inicie o programa.",
		"The program that executes {type} does not answer: {reason}. Nothing was sent to it and no attempt is counted; it is tried again by itself. Start the program."},
	{CodeCallUnknown, 0, "Resultado da chamada desconhecido", "Outcome of the call unknown",
		"Não se sabe se a chamada {n}, iniciada às {at}, foi executada: {whyPT}. Ela é procurada até {until} e só então repetida.",
		"It is not known whether call {n}, begun at {at}, was executed: {why}. It is looked for until {until}, and only then repeated."},
	{CodeConsumerConfig, 0, "Consumidor mal configurado", "Consumer not configured right",
		"O consumidor de {type} não pode ser usado: {whyPT}.",
		"The consumer of {type} cannot be used: {why}."},
	{CodeWriterConfig, 0, "Gravação no RM mal configurada", "Writing into RM not configured right",
		"Os comandos não podem ser lançados pelos serviços web do RM: {whyPT}.",
		"The commands cannot be booked by RM's web services: {why}."},
	{CodeWriterAway, 0, "Não se grava no RM", "Nothing is saved in RM",
		"{whyPT}.",
		"{why}."},
	{CodeDuplicateDiffers, 0, "Duplicata com outro conteúdo", "Duplicate with other content",
		"Esta chave de negócio já foi lançada com outro conteúdo (mensagem {first}); nada mudou. Para alterar, envie uma edição com outra chave.",
		"This business key was booked before with other content (message {first}); nothing changed. To change it, send an edit with another key."},
	{CodeForeignTables, 0, "Tabelas de outro programa", "Tables of another program",
		"Há tabelas que não são do SmartLink em {where}: {tables}. Use outro banco ou esquema; nada foi alterado.",
		"There are tables that are not SmartLink's in {where}: {tables}. Use another database or schema; nothing was changed."},
	{CodeSharedSchema, 0, "Esquema de todos", "Everybody's schema",
		"As tabelas do agente precisam de um esquema próprio, e o do banco é {schema}. No PostgreSQL, tire search_path do endereço; no SQL Server, crie o esquema smartlink e dê-o ao usuário: ALTER USER … WITH DEFAULT_SCHEMA = smartlink. Nada foi alterado.",
		"The agent's tables need a schema of their own, and the database's is {schema}. In PostgreSQL leave search_path out of the URL; in SQL Server make the schema smartlink and give it to the user: ALTER USER … WITH DEFAULT_SCHEMA = smartlink. Nothing was changed."},
	{CodeForeignDatabase, 0, "Banco de outra instalação", "Database of another installation",
		"Este banco pertence a outra instalação ({why}). Para usá-lo de mais uma máquina da mesma instalação: `smartlink agent join`. Para torná-lo de uma instalação nova, e ativar de novo: `smartlink agent adopt`.",
		"This database belongs to another installation ({why}). To use it from one more machine of the same installation: `smartlink agent join`. To make it a new installation's, and activate anew: `smartlink agent adopt`."},
	{CodeNewerSchema, 0, "Tabelas de uma versão mais nova", "Tables of a newer version",
		"Uma versão mais nova do programa mudou as tabelas (estão na versão {has}, e este programa conhece até a {knows}). Use a versão mais nova, ou restaure o backup feito antes dela; nada foi alterado.",
		"A newer version of the program has changed the tables (they are at version {has}, and this program knows up to {knows}). Use the newer version, or restore the backup made before it; nothing was changed."},
	{CodeInstallationThere, 0, "Já há uma instalação aqui", "There is an installation here",
		"O arquivo {file} é de outra instalação, que já usou um banco. Use outra pasta (--installation) ou mova o arquivo para outro lugar; nada foi alterado.",
		"The file {file} is another installation's, which has used a database. Use another folder (--installation), or move the file away; nothing was changed."},
	{CodeJoinCode, 0, "Código de entrada inválido", "Join code not valid",
		"O código {why}. Crie outro com `smartlink agent join-code` em uma máquina da instalação; cada um vale para uma máquina, por pouco tempo.",
		"The code {why}. Make another with `smartlink agent join-code` on a machine of the installation; each is good for one machine, for a short time."},
	{CodeLiveRM, 0, "Banco de um RM em uso", "Database of a live RM",
		"O banco parece ser de um RM em uso (tabela {table}); só o próprio RM grava nele. Use outro banco para os livros de referência; nada foi alterado.",
		"The database looks like a live RM's (table {table}); only RM itself writes there. Use another database for the reference books; nothing was changed."},
	{CodeNoReference, 0, "Sem esquema de referência", "No reference schema",
		"O banco não tem o esquema de referência. Crie-o com as migrações antes de lançar; nada foi alterado.",
		"The database has no reference schema. Make it with the migrations before booking; nothing was changed."},
	{CodeNotInInbox, 0, "Mensagem não está na caixa de entrada", "Message not in the inbox",
		"A mensagem {id} nunca chegou a este agente. Confira o id, ou procure-a no hub com `smartlink admin message show {id}`.",
		"The message {id} never reached this agent. Check the id, or look for it at the hub with `smartlink admin message show {id}`."},
	{CodeNotNow, http.StatusConflict, "Não neste estado", "Not in this state",
		"A mensagem {id} está em {state}; isto só é possível em: {wanted}. Nada mudou.",
		"The message {id} is {state}; this is only possible in: {wanted}. Nothing changed."},
	{CodeDiscarded, 0, "Descartada", "Discarded",
		"Uma pessoa descartou a mensagem no ERP; ela não será executada. Motivo: {reason}.",
		"A person discarded the message at the ERP; it will not be executed. Reason: {reason}."},
	{CodeOnHold, 0, "Aguarda liberação", "Waits for a release",
		"As próximas mensagens do tipo {type} aguardam que uma pessoa as libere no console do agente, ou com `smartlink agent release`.",
		"The next messages of type {type} wait for a person to release them in the agent's console, or with `smartlink agent release`."},
	{CodeEdited, 0, "Alterada no ERP", "Changed at the ERP",
		"{by} alterou o conteúdo da mensagem no ERP antes da execução; o que foi enviado está guardado lá. Motivo: {reason}.",
		"{by} changed the content of the message at the ERP before it was executed; what was sent is kept there. Reason: {reason}."},
	{CodeHelpOff, http.StatusConflict, "Ajuda remota desligada", "Remote help is off",
		"O agente desta fila não aceita pedidos do hub. O administrador do ERP pode ligar a ajuda remota no console do agente, ou com `smartlink agent remote-help on`.",
		"The agent of this queue takes no requests from the hub. The ERP's administrator can switch remote help on in the agent's console, or with `smartlink agent remote-help on`."},
	{CodeAnswerCut, 0, "Lista cortada", "List cut",
		"Mais {n} itens não couberam na resposta. Corrija os listados e envie de novo, ou veja o log no ERP.",
		"{n} more items did not fit into the answer. Mend those listed and send again, or look at the log in the ERP."},

	{CodeAppNoPermission, 0, "Sem permissão no RAC", "No permission in RAC",
		"O cliente {client} não tem permissão no RAC para o aplicativo {app}. Peça ao administrador do tenant que a conceda e pesquise de novo.",
		"The client {client} has no permission in RAC for the app {app}. Ask the tenant's administrator to grant it, then search again."},
	{CodeAppNotConfigured, 0, "Não configurado no hub", "Not configured at the hub",
		"O hub {server} não conhece o aplicativo {app}, ou nenhum tipo dele. Quem opera o hub precisa configurá-lo.",
		"The hub {server} does not know the app {app}, or no type of it. Whoever runs the hub has to configure it."},
	{CodeAppUnknown, 0, "Desconhecido dos arquivos locais", "Unknown to the local files",
		"O cliente tem permissão para o aplicativo {app}, mas {file} não o conhece. Acrescente-o ao arquivo, ou atualize o agente.",
		"The client is permitted the app {app}, but {file} does not know it. Add it to the file, or upgrade the agent."},
	{CodeNotActivated, 0, "Agente não ativado", "Agent not activated",
		"Nenhum aplicativo está ativado em {file}. Ative um com `smartlink agent activate`.",
		"No app is activated in {file}. Activate one with `smartlink agent activate`."},
	{CodeOtherClient, 0, "Outro cliente está ativo", "Another client is active",
		"Os aplicativos {apps} estão ativos com o cliente {client}; a fila dele ficaria sem leitor. Remova a integração antes de ativar outro cliente.",
		"The apps {apps} are active with the client {client}, whose queue would be left without a reader. Remove the integration before activating another client."},
	{CodeSealedElsewhere, 0, "Segredo de outra instalação", "Secret of another installation",
		"O segredo em {file} foi cifrado com a chave de outra instalação, ou o arquivo foi alterado. Ative de novo.",
		"The secret in {file} was encrypted with the key of another installation, or the file was changed. Activate anew."},
	{CodeActivationFile, 0, "Arquivo de ativação inválido", "Activation file not valid",
		"O arquivo {file} não serve; veja errors. O formato está em {schema}.",
		"The file {file} is not as it must be; see errors. Its form is in {schema}."},
}
