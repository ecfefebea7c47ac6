/**
 * HEAD is GET without the body (RFC 9110 §9.3.2): who may read may ask whether there is something,
 * and it costs a server what GET does.
 */
export function withHead(methods: readonly string[]): readonly string[] {
  return methods.includes('GET') ? [...methods, 'HEAD'] : methods;
}
