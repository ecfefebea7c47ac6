# A small shop: its web front reads orders, its billing writes invoices, its worker reserves stock.
# What no rule allows is denied.
package envoy.authz

default allow := {"allowed": false, "reason": "no rule allows this request"}

allow := {
	"allowed": true,
	"rule": "orders-read",
	"headers": {"x-shop-scope": "orders:read"},
} if {
	caller == "web"
	input.request.method == "GET"
	orders_path
} else := {"allowed": true, "rule": "invoices-write"} if {
	invoice_by_billing
	invoice_amount <= 1000
} else := {
	"allowed": false,
	"rule": "invoices-write",
	"reason": "the invoice is over 1000",
	"http_status": 403,
	"headers": {"content-type": "application/json"},
	"body": json.marshal({"error": "an invoice over 1000 needs an approval"}),
} if {
	invoice_by_billing
	invoice_amount > 1000
} else := {"allowed": true, "rule": "stock-reserve"} if {
	caller == "worker"
	input.request.method == "POST"
	input.request.segments == ["shop.Stock", "Reserve"]
}

# The service account of a workload of ours: `web` for spiffe://shop.example/ns/shop/sa/web.
caller := input.caller.spiffe.serviceAccount if {
	input.caller.spiffe.trustDomain == "shop.example"
	input.caller.spiffe.namespace == "shop"
}

# /orders and /orders/{id}
orders_path if input.request.segments == ["orders"]

orders_path if {
	[collection, id] := input.request.segments
	collection == "orders"
	id != ""
}

invoice_by_billing if {
	caller == "billing"
	input.request.method == "POST"
	input.request.segments == ["invoices"]
}

# Undefined, and so denied, unless the whole body was read and names a positive number: Rego would
# find null and true to be less than 1000.
invoice_amount := input.parsed_body.amount if {
	not input.truncated_body
	is_number(input.parsed_body.amount)
	input.parsed_body.amount > 0
}
