package sallyport.access_test

import data.sallyport.access

# What src/access/index makes of a document with two services: orders, by its workload and host, and
# the rest of its namespace.
index := {
	"called": {
		"extensions": {"service": {"billing": [0]}},
		"principals": {"spiffe://prod/ns/shop/sa/orders": [1]},
		"parents": {"spiffe://prod/ns/shop": [2]},
		"hosts": {"web.shop": [3]},
		"marks": [
			{"service": 1, "extensions": {"service": "billing"}},
			{
				"service": 0,
				"extensions": {},
				"principals": {"any": false, "exact": {"spiffe://prod/ns/shop/sa/orders": true}, "under": {}},
				"host": "orders.shop",
			},
			{
				"service": 1,
				"extensions": {},
				"principals": {"any": false, "exact": {}, "under": {"spiffe://prod/ns/shop": true}},
			},
			{"service": 1, "extensions": {}, "host": "web.shop"},
		],
	},
	"services": [
		{
			"name": "orders",
			"deny": {"exact": {}, "under": {"spiffe://prod/ns/batch": by_path("debug", 0)}},
			"allow": {
				"any": by_path("health", 1),
				"exact": {"spiffe://prod/ns/shop/sa/web": by_path("orders", 2)},
				"under": {"spiffe://prod/ns/batch": {"paths": everywhere(3), "pathless": {"CONNECT": [5]}, "tcp": {"5672": [4]}}},
			},
		},
		{"name": "rest", "deny": {"exact": {}, "under": {}}, "allow": {"exact": {}, "under": {}}},
	],
	"rules": [
		{"name": "no-debug", "needs": {}, "unless": {}, "limits": []},
		{"name": "health", "needs": {}, "unless": {}, "limits": []},
		{"name": "reads", "needs": {}, "unless": {}, "limits": [{"name": "orders-read"}]},
		{"name": "batch", "needs": {}, "unless": {}, "limits": []},
		{"name": "events", "needs": {}, "unless": {}, "limits": []},
		{"name": "tunnel", "needs": {}, "unless": {}, "limits": []},
	],
}

by_path(literal, rule) := {
	"paths": {
		"closed": {
			"1": [{"length": 1, "literals": [0], "parameters": [], "leaves": {literal: {"GET": [rule]}}}],
			"2": [{"length": 2, "literals": [0], "parameters": [1], "leaves": {literal: {"GET": [rule]}}}],
		},
		"open": [],
	},
	"pathless": {},
	"tcp": {},
}

everywhere(rule) := {
	"closed": {},
	"open": [{"length": 0, "literals": [], "parameters": [], "leaves": {"*": [rule]}}],
}

caller(path) := {"principal": concat("", ["spiffe://prod", path]), "spiffe": {"path": path}}

web := caller("/ns/shop/sa/web")

batch := caller("/ns/batch/sa/reports")

# A request for orders.
request(who, method, segments) := {
	"caller": who,
	"request": {
		"method": method,
		"host": "orders.shop",
		"path": concat("/", array.concat([""], segments)),
		"segments": segments,
	},
	"attributes": {"destination": {"principal": "spiffe://prod/ns/shop/sa/orders"}},
}

decide(asked) := decision if {
	decision := access.decision with input as asked with data.access as index
}

# The same, where the rule of `reads` asks for more.
decide_needing(needs, asked) := decision if {
	wanting := json.patch(index, [{"op": "replace", "path": "rules/2/needs", "value": needs}])
	decision := access.decision with input as asked with data.access as wanting
}

test_an_exact_caller_reads if {
	every segments in [["orders"], ["orders", "7"]] {
		decide(request(web, "GET", segments)) == {
			"allowed": true,
			"service": "orders",
			"rule": "reads",
			"limits": [{"name": "orders-read"}],
		}
	}
}

test_what_no_rule_allows_is_denied if {
	every asked in [
		request(web, "POST", ["orders"]),
		request(web, "GET", []),
		request(web, "GET", ["orders", ""]),
		request(web, "GET", ["orders", "7", "8"]),
		request(web, "GET", ["other"]),
		request(caller("/ns/shop/sa/web2"), "GET", ["orders"]),
		request(caller("/ns/shop/sa/web/x"), "GET", ["orders"]),
	] {
		decision := decide(asked)
		not decision.allowed
		not decision.rule
		decision.service == "orders"
	}
}

test_nobody_may_do_what_whoever_is_known_may if {
	decide(request(web, "GET", ["health"])).rule == "health"
	not decide(object.remove(request(web, "GET", ["health"]), ["caller"])).allowed
}

test_those_below_a_path_may_but_not_the_path_itself if {
	decide(request(batch, "PUT", ["a", "b", "c"])).rule == "batch"
	not decide(request(caller("/ns/batch"), "PUT", ["a"])).allowed
	not decide(request(caller("/ns/batch2/sa/reports"), "PUT", ["a"])).allowed
}

test_the_subject_of_a_token_is_below_nothing if {
	subject := {"principal": "spiffe://prod/ns/batch/x y"}
	not decide(request(subject, "PUT", ["a"])).allowed
}

test_deny_wins if {
	decision := decide(request(batch, "GET", ["debug"]))
	not decision.allowed
	decision.rule == "no-debug"
}

test_a_tunnel_and_a_connection_are_only_for_rules_that_name_them if {
	tunnel := {"method": "CONNECT", "host": "orders.shop"}
	decide(object.union(request(batch, "CONNECT", []), {"request": {"path": "/"}})).allowed == false
	decide(json.patch(request(batch, "", []), [{"op": "replace", "path": "request", "value": tunnel}])).rule == "tunnel"
	decide(json.patch(request(web, "", []), [{"op": "replace", "path": "request", "value": tunnel}])).allowed == false
}

test_the_server_itself_has_no_path if {
	asked := json.patch(request(batch, "OPTIONS", ["*"]), [{"op": "replace", "path": "request/path", "value": "*"}])
	not decide(asked).allowed
}

test_the_service_that_says_most_is_called if {
	by_host := {"request": {"method": "GET", "host": "web.shop"}, "caller": web}
	decide(by_host).service == "rest"
	by_namespace := object.union(by_host, {"attributes": {"destination": {"principal": "prod/ns/shop/sa/orders"}}})
	decide(by_namespace).service == "rest"
	by_workload := object.union(by_namespace, {"request": {"host": "orders.shop"}})
	decide(by_workload).service == "orders"
	by_route := object.union(by_workload, {"attributes": {"contextExtensions": {"service": "billing"}}})
	decide(by_route).service == "rest"
	not decide(object.union(by_host, {"request": {"host": "other"}})).service
}

test_a_header_with_several_values_must_have_none_that_is_not_listed if {
	needs := {"everyHeaderValue": {"x-tenant": ["a", "b"]}}
	allowed := {tenant |
		some tenant in ["a", "a,b", "a, b", "c", "a,c", "", "a,", "ab"]
		headers := {"request": {"http": {"headers": {"x-tenant": tenant}}}}
		decide_needing(needs, object.union(request(web, "GET", ["orders"]), {"attributes": headers})).allowed
	}
	allowed == {"a", "a,b", "a, b"}
	not decide_needing(needs, request(web, "GET", ["orders"])).allowed
}

test_what_is_not_known_is_perhaps_what_is_meant if {
	needs := {"perhaps": {"sourceIps": ["10.0.0.0/8"], "ports": [80], "hosts": ["orders.shop"]}}
	decide_needing(needs, request(web, "GET", ["orders"])).allowed
	outside := {"attributes": {"source": {"address": {"socketAddress": {"address": "192.0.2.1"}}}}}
	not decide_needing(needs, object.union(request(web, "GET", ["orders"]), outside)).allowed
}

test_a_need_of_an_unknown_kind_does_not_hold if {
	not decide_needing({"moonPhase": "full"}, request(web, "GET", ["orders"])).allowed
}

test_scopes_are_needed_all_and_claims_each if {
	needs := {"scopes": ["read", "write"], "claims": {"amr": ["mfa", "hwk"], "sub": "*"}}
	token := {"scopes": ["write", "read"], "claims": {"amr": ["pwd", "mfa"], "sub": "x"}}
	asked := object.union(request(web, "GET", ["orders"]), {"caller": {"token": token}})
	decide_needing(needs, asked).allowed
	every change in [
		{"path": "caller/token/scopes", "value": ["read"]},
		{"path": "caller/token/claims/amr", "value": "pwd"},
		{"path": "caller/token/claims/sub", "value": ""},
		{"path": "caller/token", "value": {}},
	] {
		not decide_needing(needs, json.patch(asked, [object.union({"op": "replace"}, change)])).allowed
	}
}

test_the_time_must_be_within_the_window if {
	# A Friday, 22:30 in Berlin.
	friday := time.parse_rfc3339_ns("2026-11-20T21:30:00Z")
	window := {"days": ["Friday"], "from": 1320, "to": 1380, "timeZone": "Europe/Berlin"}
	holds := {hours |
		some hours in [-25, -1, 0, 1, 24]
		now := friday + (hours * 3600000000000)
		decide_needing({"times": [window]}, request(web, "GET", ["orders"])).allowed with time.now_ns as now
	}
	holds == {0}
}

test_a_mark_for_connections_fits_only_those if {
	mark := {"op": "add", "path": "called/marks/1/connection", "value": true}
	hostless := {"op": "remove", "path": "called/marks/1/host"}
	connections := json.patch(index, [mark, hostless])
	decide_with(connections, request(web, "GET", ["orders"])).service == "rest"
	decide_with(connections, request(web, "", [])).service == "orders"
}

decide_with(data_of_document, asked) := decision if {
	decision := access.decision with input as asked with data.access as data_of_document
}
