package api

import (
	"bytes"
	"net/http"
	"strconv"

	"smartlink/link"
)

// answerRoom is about what the answer for a stored message takes.
const answerRoom = 192

// batchAnswer writes the answer to a batch as encoding/json would, in a fraction of its time: of most messages there
// is nothing to say but that they are stored.
func batchAnswer(results []link.BatchResult) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, answerRoom*len(results)))
	rest := encoder(b)
	b.WriteString(`{"results":[`)
	for i, r := range results {
		if i > 0 {
			b.WriteByte(',')
		}
		if s := r.SendResponse; s != nil && r.Problem == nil && s.Queues != nil && s.Warnings != nil && len(s.Warnings)+len(s.Outcomes) == 0 {
			writeStored(b, r.Status, s)
			continue
		}
		if err := rest.Encode(r); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // its line ends
	}
	b.WriteString("]}\n")
	return b.Bytes(), nil
}

// writeStored writes that a message is stored. Names of queues need no escapes.
func writeStored(b *bytes.Buffer, status int, s *link.SendResponse) {
	to := append(b.AvailableBuffer(), `{"status":`...)
	to = append(strconv.AppendInt(to, int64(status), 10), `,"messageId":"`...)
	to = append(append(to, s.MessageID.String()...), `","queues":[`...)
	for i, q := range s.Queues {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(append(append(to, '"'), q...), '"')
	}
	to = append(strconv.AppendBool(append(to, `],"duplicate":`...), s.Duplicate), `,"warnings":[]}`...)
	b.Write(to)
}

// batch answers a batch.
func (c *call) batch(results []link.BatchResult) error {
	text, err := batchAnswer(results)
	if err != nil {
		return err
	}
	c.write(http.StatusOK, contentJSON, text)
	return nil
}
