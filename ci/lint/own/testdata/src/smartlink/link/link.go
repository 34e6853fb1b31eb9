// Package link tries rule doccomment, and that nofloat leaves rooms without money alone.
package link

func Send() {} // want `Send is public and has no doc comment`

// Get is explained.
func Get() {}

type Message struct{ ID string } // want `Message is public and has no doc comment`

// Header is explained.
type Header struct{}

func (Header) Type() string { return "" } // want `Type is public and has no doc comment`
func (*Header) size() int   { return 5 }

// List is generic.
type List[T any] struct{}

func (*List[T]) Len() int { return 0 } // want `Len is public and has no doc comment`

// Sized explains Size for those who have one.
type Sized interface{ Size() int }

// Body is Sized.
type Body []byte

func (b Body) Size() int       { return len(b) }
func (b *Body) String() string { return "" }
func (b Body) Weight() int     { return 1 } // want `Weight is public and has no doc comment`

type hidden struct{}

func (hidden) String() string { return "" }

// The states of a message.
const (
	Ready = "ready"
	Dead  = "dead"
)

const (
	Leased = "leased" // held by a reader
)

func bounds() (int, int) { return 1, 2 }

var (
	Quota, Limit = bounds() // the comment behind the line explains them

	Mute, quiet = /* want `Mute is public and has no doc comment` */ 1, 2

	// Told is explained.
	Told = 2
)
