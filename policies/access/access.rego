# Decides by an access document (docs/access.md): who may call what. What no rule allows is denied.
#
# data.access is an index of the document, made when it is loaded (src/access/index). Everything here
# looks up in it what the request says, so that a decision takes as long with ten rules as with ten
# thousand.
package sallyport.access

import data.access

default decision := {"allowed": false, "reason": "no service of the access document is called here"}

decision := {
	"allowed": false,
	"service": service.name,
	"rule": closing.name,
	"reason": "a rule denies this request",
} if {
	closing := first_that_matches(service.deny)
} else := {
	"allowed": true,
	"service": service.name,
	"rule": opening.name,
	"limits": opening.limits,
} if {
	opening := first_that_matches(service.allow)
} else := {
	"allowed": false,
	"service": service.name,
	"reason": concat(" ", ["no rule of service", service.name, "allows this request"]),
} if {
	service
}

# --- Which service is called ---

# Of all marks that fit, the one that is believed first: they are numbered in that order.
service := access.services[access.called.marks[first].service] if {
	first := min({number | some number in marks_to_look_at; fits(access.called.marks[number])})
}

marks_to_look_at contains number if {
	some key, value in input.attributes.contextExtensions
	some number in access.called.extensions[key][value]
}

marks_to_look_at contains number if some number in access.called.principals[destination]

marks_to_look_at contains number if {
	some parent in parents(destination)
	some number in access.called.parents[parent]
}

marks_to_look_at contains number if some number in access.called.hosts[input.request.host]

fits(mark) if {
	every key, value in mark.extensions {
		input.attributes.contextExtensions[key] == value
	}
	destination_fits(mark)
	host_fits(mark)
	connection_fits(mark)
}

destination_fits(mark) if not mark.principals

destination_fits(mark) if is_among(destination, parents(destination), mark.principals)

host_fits(mark) if not mark.host

host_fits(mark) if mark.host == input.request.host

connection_fits(mark) if not mark.connection

# What is not HTTP has no method.
connection_fits(_) if input.request.method == ""

# What is called, by its own certificate. Some proxies of Istio leave the scheme out.
destination := concat("", ["spiffe://", trim_prefix(input.attributes.destination.principal, "spiffe://")]) if {
	input.attributes.destination.principal != ""
}

# --- Which rules may match: by caller, then by path, then by method ---

first_that_matches(rules) := access.rules[first] if {
	first := min({number |
		some by_caller in of_caller(rules)
		some number in of_request(by_caller)
		matches(access.rules[number])
	})
}

# Only whoever is known has rules: there are none for nobody. Lists, because a member of a set is read
# to its end.
of_caller(rules) := array.concat(
	array.concat([rules.any | input.caller.principal], [rules.exact[input.caller.principal] | true]),
	[rules.under[parent] | some parent in caller_parents],
)

# Only a SPIFFE ID has parents. The subject of a token may be any text.
caller_parents := parents(input.caller.principal) if input.caller.spiffe

default caller_parents := set()

# spiffe://prod, spiffe://prod/ns, … of spiffe://prod/ns/shop/sa/web, without itself.
parents(principal) := {parent |
	parts := split(principal, "/")
	some count, _ in parts
	count > 2
	parent := concat("/", array.slice(parts, 0, count))
}

of_request(by_caller) := {number |
	some shape in shapes(by_caller.paths)
	some number in leaf_of(shape)[method_keys[_]]
} if {
	has_path
} else := {number | some number in by_caller.pathless[method_keys[_]]} if {
	input.request.method != ""
} else := {number | some number in by_caller.tcp[["*", format_int(port, 10)][_]]}

# `OPTIONS *` is about the server, and CONNECT may be about none: both have no path.
has_path if startswith(input.request.path, "/")

# A tunnel is only for rules that name it.
method_keys := ["CONNECT"] if input.request.method == "CONNECT"

method_keys := [input.request.method, "*"] if input.request.method != "CONNECT"

# Patterns of one shape have literals and parameters in the same places, and lie in one tree.
shapes(paths) := array.concat(
	object.get(paths.closed, format_int(count(input.request.segments), 10), []),
	[shape | some shape in paths.open; shape.length <= count(input.request.segments)],
)

leaf_of(shape) := object.get(shape.leaves, [input.request.segments[at] | some at in shape.literals], {}) if {
	every at in shape.parameters {
		input.request.segments[at] != ""
	}
}

# --- What else a rule asks ---

matches(rule) if {
	every kind, wanted in rule.needs {
		holds(kind, wanted)
	}
	not excepted(rule)
}

excepted(rule) if {
	some kind, wanted in rule.unless
	holds(kind, wanted)
}

# A kind that is not here does not hold.
holds(kind, wanted) if comes_by(kind, wanted)

# A rule that denies takes what is not known for what it is about.
holds("perhaps", ways) if {
	every kind, wanted in ways {
		perhaps_comes_by(kind, wanted)
	}
}

holds("known", kinds) if {
	every kind in kinds {
		is_known(kind)
	}
}

holds("claims", claims) if {
	every name, accepted in claims {
		some value in list_of(input.caller.token.claims[name])
		is_accepted(value, accepted)
	}
}

holds("scopes", scopes) if {
	every scope in scopes {
		scope in input.caller.token.scopes
	}
}

# A header that is there twice, or has a list: each of its values is accepted, and there is one.
holds("everyHeaderValue", headers) if {
	every name, accepted in headers {
		header_values(name) != []
		every value in header_values(name) {
			is_accepted(value, accepted)
		}
	}
}

holds("someHeaderValue", headers) if {
	every name, accepted in headers {
		some value in header_values(name)
		is_accepted(value, accepted)
	}
}

# A gRPC method is called by POST, which its rules are found by, with its own content type.
holds("grpc", true) if {
	content_type := input.attributes.request.http.headers["content-type"]
	trim_prefix(content_type, "application/grpc") != content_type
	substring(content_type, count("application/grpc"), 1) in {"", "+", ";"}
}

holds("notBefore", ms) if now_ms >= ms

holds("notAfter", ms) if now_ms <= ms

holds("times", windows) if {
	some window in windows
	time.weekday([time.now_ns(), window.timeZone]) in window.days
	[hour, minute, _] := time.clock([time.now_ns(), window.timeZone])
	(hour * 60) + minute >= window.from
	(hour * 60) + minute < window.to
}

# These only take a request out of a rule.
holds("from", principals) if is_among(input.caller.principal, caller_parents, principals)

holds("methods", methods) if input.request.method in methods

holds("paths", paths) if {
	has_path
	some shape in shapes(paths)
	leaf_of(shape)["*"]
}

perhaps_comes_by(kind, wanted) if comes_by(kind, wanted)

perhaps_comes_by(kind, _) if not is_known(kind)

comes_by("sourceIps", blocks) if {
	some block in blocks
	net.cidr_contains(block, source_ip)
}

comes_by("ports", ports) if port in ports

comes_by("hosts", hosts) if input.request.host in hosts

is_known("sourceIps") if net.cidr_contains("::/0", source_ip)

is_known("sourceIps") if net.cidr_contains("0.0.0.0/0", source_ip)

is_known("ports") if port > 0

is_known("hosts") if input.request.host != ""

is_among(_, _, principals) if principals.any

is_among(principal, _, principals) if principals.exact[principal]

is_among(_, parents_of_it, principals) if {
	some parent in parents_of_it
	principals.under[parent]
}

is_accepted(value, "*") if not value in {"", null}

is_accepted(value, accepted) if value in accepted

header_values(name) := [trim_space(value) | some value in split(input.attributes.request.http.headers[name], ",")]

list_of(value) := value if is_array(value)

list_of(value) := [value] if not is_array(value)

port := input.attributes.destination.address.socketAddress.portValue

# An IPv4 caller of a dual-stack listener is an IPv4 caller (RFC 4291 §2.5.5.2).
source_ip := trim_prefix(source_address, "::ffff:") if contains(source_address, ".")

source_ip := source_address if not contains(source_address, ".")

# Without the zone of a link-local one.
source_address := lower(split(input.attributes.source.address.socketAddress.address, "%")[0])

now_ms := time.now_ns() / 1000000
