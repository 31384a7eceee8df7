package tenant

import (
	"hash/maphash"
	"maps"
	"slices"
	"sync"
)

const shardCount = 32

// shards is a map with string keys that many goroutines read. It is cleared of dead values while
// values are added, so that it stays in proportion to the living ones without a timer.
type shards[V any] struct {
	seed maphash.Seed
	part [shardCount]shard[V]
}

type shard[V any] struct {
	mu    sync.RWMutex // protects the following
	items map[string]V
	sweep int // size at which the next put looks for dead values
}

const smallestSweep = 64

func newShards[V any]() *shards[V] {
	s := &shards[V]{seed: maphash.MakeSeed()}
	for i := range s.part {
		s.part[i].items, s.part[i].sweep = make(map[string]V), smallestSweep
	}
	return s
}

func (s *shards[V]) get(key []byte) (V, bool) {
	p := &s.part[maphash.Bytes(s.seed, key)%shardCount]
	p.mu.RLock()
	defer p.mu.RUnlock()
	v, ok := p.items[string(key)]
	return v, ok
}

// put adds a value, or gives the one that is there already. Dead says which values may go; it is
// called for other keys' values now and then and must not use the map.
func (s *shards[V]) put(key string, make func() V, dead func(V) bool) V {
	p := &s.part[maphash.String(s.seed, key)%shardCount]
	p.mu.Lock()
	defer p.mu.Unlock()
	if v, ok := p.items[key]; ok {
		return v
	}
	if len(p.items) >= p.sweep {
		for k, v := range p.items {
			if dead(v) {
				delete(p.items, k)
			}
		}
		p.sweep = max(smallestSweep, 2*len(p.items))
	}
	v := make()
	p.items[key] = v
	return v
}

func (s *shards[V]) each(do func(V)) {
	for i := range s.part {
		p := &s.part[i]
		p.mu.RLock()
		all := slices.Collect(maps.Values(p.items)) // do may come back to the map
		p.mu.RUnlock()
		for _, v := range all {
			do(v)
		}
	}
}

func (s *shards[V]) len() int {
	n := 0
	for i := range s.part {
		p := &s.part[i]
		p.mu.RLock()
		n += len(p.items)
		p.mu.RUnlock()
	}
	return n
}
