package marker

import "testing"

func TestID(t *testing.T) {
	for _, c := range []struct{ session, epoch, seq int }{{0, 0, 0}, {9999, 12, 345}, {1<<31 - 1, 1<<31 - 1, 1<<31 - 1}} {
		id := string(AppendID(nil, c.session, c.epoch, c.seq))
		if len(id) > 32 {
			t.Errorf("%+v: %q has %d characters, want at most 32", c, id, len(id))
		}
		session, epoch, seq, ok := ParseID(id)
		if !ok || session != c.session || epoch != c.epoch || seq != c.seq {
			t.Errorf("%q reads as %d, %d, %d, %t, want %+v", id, session, epoch, seq, ok, c)
		}
	}
}

func TestParseIDRefuses(t *testing.T) {
	for _, c := range []struct{ id, why string }{
		{"", "empty"},
		{"m-1-2", "a number is missing"},
		{"m-1-2-3-4", "a number too many"},
		{"x-1-2-3", "another beginning"},
		{"m-1-2--3", "a negative number"},
		{"m-1-2-", "an empty number"},
		{"m-1-2-zzzzzzzzz", "a number beyond every count"},
		{"m-1-2-000000000000000000000000003", "longer than a messageId"},
	} {
		if _, _, _, ok := ParseID(c.id); ok {
			t.Errorf("%q is taken for a messageId of ours: %s", c.id, c.why)
		}
	}
}
