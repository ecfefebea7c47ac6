# Run over OPA's own case files (data.file.NUMBER): one list of all cases. What must keep every digit
# goes out as JSON texts.
package list

cases := [listed |
	some file, content in data.file
	some written in content.cases
	json_texts := {key: json.marshal(written[key]) | some key in ["input", "data", "want_result"]}
	listed := object.union(
		object.remove(written, ["input", "data", "want_result"]),
		{"file": file, "json": json_texts},
	)
]
