/** Sets a proto3 scalar. One that has its default value is absent, even if it had another before. */
export function put<Field extends string, Value extends string | number | boolean | Uint8Array>(
  message: Partial<Record<Field, Value>>,
  field: Field,
  value: Value,
): void {
  if (isDefault(value)) delete message[field];
  else message[field] = value;
}

function isDefault(value: string | number | boolean | Uint8Array): boolean {
  return typeof value === 'object' ? value.length === 0 : !value;
}
