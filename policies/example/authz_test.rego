package envoy.authz_test

import data.envoy.authz

caller(account) := {
	"principal": sprintf("spiffe://shop.example/ns/shop/sa/%s", [account]),
	"source": "peer",
	"spiffe": {
		"trustDomain": "shop.example",
		"path": sprintf("/ns/shop/sa/%s", [account]),
		"namespace": "shop",
		"serviceAccount": account,
	},
}

request(method, segments) := {
	"method": method,
	"path": concat("/", array.concat([""], segments)),
	"segments": segments,
	"host": "shop.example",
	"service": "shop",
}

invoice(body) := object.union(
	{"caller": caller("billing"), "request": request("POST", ["invoices"]), "truncated_body": false},
	body,
)

read_orders(account, segments) := {"caller": caller(account), "request": request("GET", segments)}

test_web_reads_orders if {
	every segments in [["orders"], ["orders", "7"]] {
		result := authz.allow with input as read_orders("web", segments)
		result == {"allowed": true, "rule": "orders-read", "headers": {"x-shop-scope": "orders:read"}}
	}
}

test_web_reads_nothing_else if {
	every segments in [[], ["orders", ""], ["orders", "7", "lines"], ["invoices"]] {
		result := authz.allow with input as read_orders("web", segments)
		result == {"allowed": false, "reason": "no rule allows this request"}
	}
}

test_web_writes_no_orders if {
	result := authz.allow with input as {"caller": caller("web"), "request": request("POST", ["orders"])}
	not result.allowed
}

test_other_workloads_read_no_orders if {
	every account in ["billing", "worker", "stranger"] {
		result := authz.allow with input as read_orders(account, ["orders"])
		not result.allowed
	}
}

test_a_namesake_of_another_trust_domain_or_namespace_reads_no_orders if {
	every spiffe in [
		{"trustDomain": "other.example", "namespace": "shop", "serviceAccount": "web"},
		{"trustDomain": "shop.example", "namespace": "other", "serviceAccount": "web"},
		{"trustDomain": "shop.example"},
	] {
		result := authz.allow with input as {
			"caller": {"source": "peer", "spiffe": spiffe},
			"request": request("GET", ["orders"]),
		}
		not result.allowed
	}
}

test_nobody_reads_no_orders if {
	result := authz.allow with input as {"request": request("GET", ["orders"])}
	not result.allowed
}

test_an_empty_input_is_denied if {
	result := authz.allow with input as {}
	not result.allowed
}

test_billing_writes_invoices if {
	every amount in [0.01, 1000] {
		result := authz.allow with input as invoice({"parsed_body": {"amount": amount}})
		result == {"allowed": true, "rule": "invoices-write"}
	}
}

test_a_large_invoice_is_refused_with_an_explanation if {
	result := authz.allow with input as invoice({"parsed_body": {"amount": 1000.01}})
	not result.allowed
	result.rule == "invoices-write"
	result.http_status == 403
	result.headers == {"content-type": "application/json"}
	json.unmarshal(result.body) == {"error": "an invoice over 1000 needs an approval"}
}

test_an_amount_that_is_not_a_positive_number_is_denied if {
	every amount in [0, -1, null, true, false, "1", [], {}] {
		result := authz.allow with input as invoice({"parsed_body": {"amount": amount}})
		result == {"allowed": false, "reason": "no rule allows this request"}
	}
}

test_a_body_without_an_amount_is_denied if {
	every body in [null, {}, [1], "amount"] {
		result := authz.allow with input as invoice({"parsed_body": body})
		not result.allowed
	}
}

test_a_truncated_body_is_denied if {
	result := authz.allow with input as invoice({"truncated_body": true, "parsed_body": {"amount": 1}})
	not result.allowed
}

test_worker_reserves_stock if {
	result := authz.allow with input as {
		"caller": caller("worker"),
		"request": request("POST", ["shop.Stock", "Reserve"]),
	}
	result == {"allowed": true, "rule": "stock-reserve"}
}

test_worker_calls_nothing_else_of_stock if {
	result := authz.allow with input as {
		"caller": caller("worker"),
		"request": request("POST", ["shop.Stock", "Drop"]),
	}
	not result.allowed
}
