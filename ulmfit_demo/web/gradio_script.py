"""What is changed in the script of gradio 6.31's page, each with the issue that it answers.

- `alone`, in `dispatch`: no issue found. Pull request 5826 brought `always_last`.
- `changed_statuses`, in `update_loading_stati_state`, and `cleared_errors`, in `dispatch`: no
  issue found; 5914 is their like, streaming that slows with every element of the page.
- `newest_answers`, in `run`, `dispatch` and `handle_data`: no issue found.
- `streams`, in `open_stream` and `submit`: no issue found.
- `listed_events`, in `find_attached_events`, and `no_arguments`, in `set_event_args`: no issue found.
  Both take as long as the number of components times the number of events.
- `ended_clocks`, in the clock of a result that is waited for: no issue found.

The numbers are of https://github.com/gradio-app/gradio. A script that is written otherwise stays as
it is.
"""

from __future__ import annotations

import re

AGAIN = re.compile(
    rb"this\.queue\.has\((\w+)\.id\)&&\(this\.queue\.delete\(\1\.id\),this\.dispatch\((\w+)\)\)"
)
STATUSES = re.compile(
    rb"(async update_loading_stati_state\(\)\{)"
    rb"(await Promise\.all\(Object\.entries\(this\.loading_stati\.current\))"
    rb"(\.map\(\(\[\w+,\w+\]\)=>this\.update_state_cb\()"
)
CLEARED = re.compile(
    rb"(\w+===0&&)((\w+)\.inputs\.forEach\(\w+=>\{this\.update_state_cb\(\w+,"
    rb"\{loading_status:\{validation_error:null\}\},!1\)\}\))"
)
INVALID = re.compile(rb"(if\(Array\.isArray\(\w+\?\.message\)\)\{)(?=(\w+)\.connection_type)")
SUBMITTED = re.compile(rb"data:(\w+\.submit\(this\.id,(\w+),[^{}]*\{[^{}]*\}\))\}")
ANSWERED = re.compile(
    rb"(for await\(let (\w+) of (\w+)\.data\).{0,300}?this\.handle_data\(\w+\.outputs,\2\.data)\)"
)
HANDLED = re.compile(
    rb"async handle_data\((\w+),(\w+)\)\{await Promise\.all\(\1\.map\(async\((\w+),(\w+)\)=>\{"
    rb"(let (\w+)=\2\[\4\]===void 0\?(\w+):\2\[\4\];)"
)
CLOSED = re.compile(
    rb"(if\(\w+\.msg===`close_stream`\)\{\w+\(\w+,(\w+)\.abort_controller\);)return\}"
)
RECEIPT = re.compile(
    rb"((\w+) in (\w+)&&\(\3\[\2\]\.forEach\(\w+=>\w+\(\w+\)\),delete \3\[\2\]\)),"
    rb"(\w+\[\2\]=\w+,\w+\.add\(\2\),\w+\.open\|\|await this\.open_stream\(\))\}"
)
LISTED = re.compile(
    rb"(find_attached_events\((\w+),(\w+)\)\{)"
    rb"let (\w+)=\3\.filter\((\w+)=>\5\.targets\.find\(\(\[\5\]\)=>\5===\2\.id\)\)"
    rb"\.map\(\w+=>\{.{1,90}?\}\)\.filter\(Boolean\);"
    rb"(return \2\.props\.shared_props\.attached_events=)\4,"
)
CLOCK = re.compile(
    rb"(function (\w+)\(\)\{\w+\(\(\)=>\{\w+\(\w+,\(performance\.now\(\)-\w+\(\w+\)\)/1e3\),)"
    rb"(\w+&&\2\(\)\}\)\})"
)
CLOCK_PLACE = re.compile(rb"\(\(\)=>\{(\w+)&&\w+\(\)&&\(\w+\.status===`pending`\|\|")
ARGUMENTS = re.compile(rb"(async set_event_args\(\w+,(\w+)\)\{)")


def mend_script(script: bytes) -> bytes:
    """A script of gradio's page as this app serves it: what the others below change."""
    for mend in MENDS:
        script = mend(script)
    return script


def alone(script: bytes) -> bytes:
    """gradio's script, in which an event that waited for its last run (`always_last`) runs again alone.

    There it starts all events of the same trigger: two that listen to one field, and each of which runs
    as the other ends, ask for ever, though nobody types.
    """
    one = rb'{...\2,type:"fn",fn_index:\1.id,target_id:\2.target_id}'
    return AGAIN.sub(
        rb"this.queue.has(\1.id)&&(this.queue.delete(\1.id),this.dispatch(" + one + rb"))", script
    )


def changed_statuses(script: bytes) -> bytes:
    """gradio's script, in which a component is told its loading status where that shows something new.

    There each message of each event tells every component that was ever an output, and looks for each in
    the whole tree of components. A status with `show_progress="hidden"` shows nothing.
    """
    # a: what it was told last, if anything; b: what is so now
    quiet = rb'quiet=(s)=>s.show_progress==="hidden"&&s.status!=="pending"'
    hidden = rb'hidden=(a,b)=>b.show_progress==="hidden"&&(!a||quiet(a))'
    equal = rb"equal=(a,b)=>a&&Object.keys({...a,...b}).every((k)=>a[k]===b[k])"
    told = rb".filter(([i,b])=>!hidden(told.get(i),b)&&!equal(told.get(i),b)&&told.set(i,b))"
    begin = rb"\1const told=this.told??=new Map," + b",".join((quiet, hidden, equal)) + rb";"
    return STATUSES.sub(begin + rb"\2" + told + rb"\3", script)


def cleared_errors(script: bytes) -> bytes:
    """gradio's script, in which a question's inputs are told that they are valid where one was not.

    There the first message of each question tells each of its inputs, found in the whole tree of
    components; only an event with a `validator` can have found one invalid, and only it says so here.
    """
    script = INVALID.sub(rb"\1\2.invalid=true;", script)
    return CLEARED.sub(rb"\1\3.invalid&&(\3.invalid=false,\2)", script)


def newest_answers(script: bytes) -> bytes:
    """gradio's script, in which an older answer to the page never overwrites a newer one.

    The server sends them in order (`keep_order`), but the page reads an answer only once it has the
    receipt of its question, and receipts may overtake each other. So each output remembers the newest of
    the numbered questions (`order.js`) that wrote it.
    """
    number = rb"{question:window.ulmfitAsked?.(\2)}"
    script = SUBMITTED.sub(rb"data:Object.assign(\1," + number + rb")}", script)
    script = ANSWERED.sub(rb"\1,\3.data.question)", script)
    skip = rb'\6?.__type__==="update"&&Object.keys(\6).length===1'
    order = (
        rb"if(question&&\6!==\7&&!(" + skip + rb")){const written=this.written??=new Map;"
        rb"if(written.get(\3)>question)return;written.set(\3,question)}"
    )
    begin = rb"async handle_data(\1,\2,question){await Promise.all(\1.map(async(\3,\4)=>{\5"
    return HANDLED.sub(begin + order, script)


def streams(script: bytes) -> bytes:
    """gradio's script, in which a question that was sent as the stream ended gets its answer at once.

    The server ends a session's stream of answers when it has no question left. A question may come after
    that, and its receipt may be read before the stream's end: then the page thinks that the stream is
    open, and the answer waits on the server until somebody asks something else. The other way round, an
    answer that was read before the receipt of its question left the question as open for ever.
    """
    script = CLOSED.sub(rb"\1\2.unclosed_events.size&&\2.open_stream();return}", script)
    ended = rb"const ended=\3[\2]?.some((m)=>m.msg===`process_completed`);"
    return RECEIPT.sub(ended + rb"\1;ended||(\4)}", script)


def listed_events(script: bytes) -> bytes:
    """gradio's script, in which a component finds the events that it triggers in a list made once.

    There each of hundreds of components asks each of hundreds of events for its triggers, through
    objects that are watched.
    """
    listed = (
        rb"if(this.listed!==\3){this.listed=\3;this.events=new Map;"
        rb"for(const d of \3){const seen=new Set;for(const[i,n]of d.targets){if(!seen.has(i)&&n)"
        rb"this.events.set(i,[...this.events.get(i)??[],n]);seen.add(i)}}}"
    )
    return LISTED.sub(rb"\1" + listed + rb"\6this.events.get(\2.id)??[],", script)


def no_arguments(script: bytes) -> bytes:
    """gradio's script, in which a component is not looked for where there is nothing to tell it.

    There the one that triggers an event is looked for in the whole tree of components, for every event,
    and then told the event's own arguments, which few events have.
    """
    return ARGUMENTS.sub(rb"\1if(!Object.keys(\2??{}).length)return()=>{};", script)


def ended_clocks(script: bytes) -> bytes:
    """gradio's script, in which the clock of what is waited for ends when it leaves the page.

    There the one of the page's own loading runs on unseen, sixty times a second as long as the page is
    open, in every gradio app.
    """
    place = CLOCK_PLACE.search(script)
    return CLOCK.sub(rb"\1" + place[1] + rb"&&\3", script) if place else script


MENDS = (
    alone,
    changed_statuses,
    cleared_errors,
    newest_answers,
    streams,
    listed_events,
    no_arguments,
    ended_clocks,
)
