package client

import (
	"context"

	"smartlink/link"
)

// Hold asks to be or to stay the active run of Config.Installation, and answers whether the caller is it.
// While it is, this client's calls carry the epoch that the hub wants to see with get, ack and extend.
// It is repeated after a failure like other calls: bound it by a context well below the lease.
func (c *Client) Hold(ctx context.Context, r link.HoldRequest) (link.HoldResponse, error) {
	var out link.HoldResponse
	if _, err := c.callJSON(ctx, "installation", r, &out); err != nil {
		return out, err
	}
	c.epoch.Store(0)
	if out.Active {
		c.epoch.Store(out.Epoch)
	}
	return out, nil
}
