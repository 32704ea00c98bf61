//! Pairing heaps whose members lie in one vector and know their neighbours.
//!
//! A pairing heap (Fredman, Sedgewick, Sleator and Tarjan, 1986) is a tree in which no child is
//! before its parent, and nothing else is promised. Two heaps are melded by making the later root
//! the first child of the earlier. When a member goes, its children are melded in pairs, then the
//! pairs into one: that costs as many steps as it has children, but over any sequence of calls
//! only about the logarithm of the heap's size each, for children are paid for by the melds that
//! put them there.
//!
//! A heap is known by its root, and the caller keeps that. Links are indices; the children of one
//! parent are a list, in which the first one's `prev` is the parent. A root's links to siblings
//! mean nothing.

use crate::base::Instant;

/// No member.
pub(super) const NONE: u32 = u32::MAX;

/// All members of all heaps, and those that are in none.
pub(super) struct Heaps<K> {
    /// Never grows shorter, so that an index once given out stays one.
    nodes: Vec<Node<K>>,
    /// The first node that is nobody's; more follow by `next`.
    free: u32,
    len: usize,
}

struct Node<K> {
    key: K,
    /// `None`: in no heap.
    at: Option<Instant>,
    child: u32,
    next: u32,
    prev: u32,
    /// Where the caller keeps the heap's root.
    slot: u16,
    used: bool,
}

impl<K: Copy> Heaps<K> {
    pub(super) const fn new() -> Heaps<K> {
        Heaps {
            nodes: Vec::new(),
            free: NONE,
            len: 0,
        }
    }

    /// How many nodes are somebody's.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// A node in no heap.
    pub(super) fn add(&mut self, key: K) -> u32 {
        let node = Node {
            key,
            at: None,
            child: NONE,
            next: NONE,
            prev: NONE,
            slot: 0,
            used: true,
        };
        self.len += 1;
        let e = self.free;
        if e != NONE {
            self.free = self.node(e).next;
            *self.node_mut(e) = node;
            return e;
        }
        assert!(self.nodes.len() < NONE as usize, "an index for each node");
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }

    /// Ends a node that is in no heap.
    pub(super) fn remove(&mut self, e: u32) {
        let free = self.free;
        let node = self.node_mut(e);
        assert!(node.used, "an entry ends once");
        assert!(node.at.is_none(), "in no heap");
        node.used = false;
        node.next = free;
        self.free = e;
        self.len -= 1;
    }

    pub(super) fn key(&self, e: u32) -> K {
        self.node(e).key
    }

    /// `None` if the node is in no heap.
    pub(super) fn deadline(&self, e: u32) -> Option<Instant> {
        self.node(e).at
    }

    /// The slot of the node's heap, if it is in one.
    pub(super) fn slot(&self, e: u32) -> Option<u16> {
        let node = self.node(e);
        node.at.map(|_| node.slot)
    }

    /// Whether `a` comes before `b`: by deadline, and of equals the one with the lower index.
    pub(super) fn is_before(&self, a: u32, b: u32) -> bool {
        (self.node(a).at, a) < (self.node(b).at, b)
    }

    /// Puts a node that is in no heap into that of `root`, and returns the heap's root.
    pub(super) fn insert(&mut self, root: u32, e: u32, at: Instant, slot: u16) -> u32 {
        let node = self.node_mut(e);
        assert!(node.used, "an entry that has not ended");
        node.at = Some(at);
        node.slot = slot;
        if root == NONE { e } else { self.meld(root, e) }
    }

    /// Takes a node out of the heap of `root`, and returns the heap's root, or `NONE`.
    pub(super) fn take_out(&mut self, root: u32, e: u32) -> u32 {
        let node = self.node_mut(e);
        let (child, next, prev) = (node.child, node.next, node.prev);
        node.at = None;
        node.child = NONE;
        let orphans = self.meld_all(child);
        if e == root {
            return orphans;
        }
        // All but the root have a `prev`.
        if self.node(prev).child == e {
            self.node_mut(prev).child = next;
        } else {
            self.node_mut(prev).next = next;
        }
        if next != NONE {
            self.node_mut(next).prev = prev;
        }
        if orphans == NONE {
            root
        } else {
            self.meld(root, orphans)
        }
    }

    /// Makes one heap of two, and returns its root.
    fn meld(&mut self, a: u32, b: u32) -> u32 {
        let (parent, child) = if self.is_before(b, a) { (b, a) } else { (a, b) };
        let sibling = self.node(parent).child;
        self.node_mut(parent).child = child;
        let node = self.node_mut(child);
        node.prev = parent;
        node.next = sibling;
        if sibling != NONE {
            self.node_mut(sibling).prev = child;
        }
        parent
    }

    /// Makes one heap of a list of siblings, and returns its root, or `NONE` if the list is empty.
    fn meld_all(&mut self, list: u32) -> u32 {
        // First in pairs, each put in front of the last; bounded by the list's length.
        let (mut pairs, mut rest) = (NONE, list);
        while rest != NONE {
            let a = rest;
            let b = self.node(a).next;
            let pair = if b == NONE {
                rest = NONE;
                a
            } else {
                rest = self.node(b).next;
                self.meld(a, b)
            };
            self.node_mut(pair).next = pairs;
            pairs = pair;
        }
        if pairs == NONE {
            return NONE;
        }
        // Then all into one, from the last pair to the first.
        let mut root = pairs;
        rest = self.node(root).next;
        while rest != NONE {
            let pair = rest;
            rest = self.node(pair).next;
            root = self.meld(root, pair);
        }
        root
    }

    fn node(&self, e: u32) -> &Node<K> {
        // An index other than `NONE` was given out by `add`.
        &self.nodes[e as usize]
    }

    fn node_mut(&mut self, e: u32) -> &mut Node<K> {
        // As above.
        &mut self.nodes[e as usize]
    }
}
