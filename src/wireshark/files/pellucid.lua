-- pellucid: what the stack thought of each packet, as fields to filter, sort and draw by.
--
-- The comments on a packet hold it: one for people ("why: ...", "disposition: ...", "link: ...",
-- "event: ...") and one for programs ("pellucid {...}", a flat object of JSON). A comment for
-- people counts only beside one for programs: anybody may begin a comment of his own with "why:".

set_plugin_info({
    version = "1",
    description = "fields of the comments that pellucid writes",
})

local proto = Proto("pellucid", "pellucid")

local fields = {
    why = ProtoField.string("pellucid.why", "Why it was sent"),
    disposition = ProtoField.string("pellucid.disposition", "What became of it"),
    link = ProtoField.string("pellucid.link", "What the link did to it"),
    event = ProtoField.string("pellucid.event", "What happened"),
    rfc = ProtoField.string("pellucid.rfc", "Clause"),
    state = ProtoField.string("pellucid.state", "State afterwards"),
    retransmit = ProtoField.string("pellucid.retransmit", "Retransmission"),
    csum = ProtoField.string("pellucid.csum", "Checksum, beside the field"),
    cwnd = ProtoField.uint64("pellucid.cwnd", "Congestion window, bytes"),
    ssthresh = ProtoField.uint64("pellucid.ssthresh", "Slow start threshold, bytes"),
    inflight = ProtoField.uint64("pellucid.inflight", "In flight, bytes"),
    rcv_wnd = ProtoField.uint64("pellucid.rcv_wnd", "Receive window, bytes"),
    srtt_us = ProtoField.uint64("pellucid.srtt_us", "Smoothed round trip, microseconds"),
    rto_ms = ProtoField.uint64("pellucid.rto_ms", "Retransmission timeout, milliseconds"),
    mss = ProtoField.uint64("pellucid.mss", "Most text of a segment, bytes"),
    gso = ProtoField.uint64("pellucid.gso", "Super-segment of pieces of, bytes"),
    part = ProtoField.uint64("pellucid.part", "Part of a super-segment"),
    parts = ProtoField.uint64("pellucid.parts", "Parts of the super-segment"),
    id = ProtoField.uint64("pellucid.id", "Number of the event"),
    cause = ProtoField.uint64("pellucid.cause", "Number of its cause"),
}
-- In the order in which they are shown.
local words = { "why", "disposition", "event", "link" }
local texts = { "rfc", "state", "retransmit" }
local numbers = {
    "cwnd", "ssthresh", "inflight", "rcv_wnd", "srtt_us", "rto_ms", "mss", "gso", "part", "parts",
    "id", "cause",
}
local last = { "csum" }

proto.fields = fields

local comment = Field.new("frame.comment")

-- A string of JSON that begins at `at`, and where it ends.
local function quoted(text, at)
    if text:sub(at, at) ~= '"' then
        return nil
    end
    local from = at + 1
    while true do
        local stop = text:find('["\\]', from)
        if not stop then
            return nil
        end
        if text:sub(stop, stop) == '"' then
            local inner = text:sub(at + 1, stop - 1):gsub('\\(["\\/])', "%1")
            return inner, stop + 1
        end
        from = stop + 2
    end
end

-- The members of a flat object: whole numbers and strings. What is none ends it.
local function members(text)
    local found = {}
    local at = text:match("^%s*{()")
    while at do
        local name, behind = text:match('^%s*"([%w_]+)"%s*:%s*()', at)
        if not name then
            break
        end
        local value, stop = text:match("^(%d+)()", behind)
        if not value then
            value, stop = quoted(text, behind)
        end
        if not value then
            break
        end
        found[name] = value
        at = text:match("^%s*,()", stop)
    end
    return found
end

local function add(branch, names, known, convert)
    for _, name in ipairs(names) do
        local value = known[name]
        if value then
            branch:add(fields[name], convert(value)):set_generated()
        end
    end
end

local function as_it_is(text)
    return text
end

-- A string that stands where a number belongs is left out.
local function as_number(text)
    return UInt64(text)
end

local function only_numbers(known)
    local rest = {}
    for _, name in ipairs(numbers) do
        local value = known[name]
        if value and value:match("^%d+$") then
            rest[name] = value
        end
    end
    return rest
end

function proto.dissector(_, pinfo, tree)
    local said, known = {}, nil
    for _, info in ipairs({ comment() }) do
        local text = tostring(info.value)
        local object = text:match("^pellucid ({.*)$")
        if object then
            known = members(object)
        else
            local head, rest = text:match("^(%l+): (.*)$")
            if head then
                said[head] = said[head] or rest
            end
        end
    end
    if not known then
        return
    end
    local branch = tree:add(proto)
    add(branch, words, said, as_it_is)
    add(branch, texts, known, as_it_is)
    add(branch, numbers, only_numbers(known), as_number)
    add(branch, last, known, as_it_is)
    branch:set_generated()
    if said.event then
        pinfo.cols.protocol = "PELLUCID"
        pinfo.cols.info = said.event
    end
end

-- All fields, since comments are what it reads.
register_postdissector(proto, true)
