import { BuiltinError } from '../../builtin.ts';
import { splitTemplate, type TemplatePart } from './lexer.ts';
import { ActionReader } from './action.ts';
import type { Branch, Template, TemplateNode } from './syntax.ts';

/** @throws {BuiltinError} for what Go's text/template does not take. */
export function parseTemplate(source: string): Template {
  return new TemplateParser(splitTemplate(source)).parse();
}

/** What a list of nodes ends with: its word, and its action for an `else if`. */
interface Ending {
  readonly word: 'end' | 'else' | '';
  readonly action: ActionReader | undefined;
}

class TemplateParser {
  readonly #parts: readonly TemplatePart[];
  readonly #named = new Map<string, readonly TemplateNode[]>();
  #at = 0;
  #loops = 0;
  #depth = 0;

  constructor(parts: readonly TemplatePart[]) {
    this.#parts = parts;
  }

  parse(): Template {
    const [main, ending] = this.#list([]);
    if (ending.word !== '') throw unexpected(ending.word);
    return { main, named: this.#named };
  }

  #list(variables: readonly string[]): [TemplateNode[], Ending] {
    const nodes: TemplateNode[] = [];
    const known = [...variables];
    while (this.#at < this.#parts.length) {
      const part = this.#parts[this.#at] ?? '';
      this.#at += 1;
      if (typeof part === 'string') {
        nodes.push({ kind: 'text', text: part });
        continue;
      }
      const action = new ActionReader(part, known);
      const word = action.keyword();
      if (word === 'end' || word === 'else') return [nodes, { word, action }];
      const node = this.#node(word ?? '', action, known);
      if (node !== undefined) nodes.push(node);
    }
    return [nodes, { word: '', action: undefined }];
  }

  #node(word: string, action: ActionReader, known: string[]): TemplateNode | undefined {
    switch (word) {
      case 'if':
      case 'with':
      case 'range':
        return this.#branch(word, action, known);
      case 'define':
        this.#named.set(action.name(), this.#body([]));
        action.expectEnd();
        return undefined;
      case 'block':
      case 'template':
        return this.#template(word, action);
      case 'break':
      case 'continue':
        if (this.#loops === 0) throw unexpected(word);
        action.expectEnd();
        return { kind: word };
      default: {
        const pipeline = action.pipeline();
        action.expectEnd();
        if (pipeline.isDeclaration) known.push(...pipeline.variables);
        return { kind: 'action', pipeline };
      }
    }
  }

  #template(word: 'block' | 'template', action: ActionReader): TemplateNode {
    const name = action.name();
    const pipeline = action.isAtEnd() ? undefined : action.pipeline();
    action.expectEnd();
    if (word === 'block') this.#named.set(name, this.#body([]));
    return { kind: 'template', name, pipeline };
  }

  #body(variables: readonly string[]): TemplateNode[] {
    const [nodes, ending] = this.#list(variables);
    if (ending.word !== 'end') throw unexpected(ending.word);
    ending.action?.expectEnd();
    return nodes;
  }

  #branch(kind: Branch['kind'], action: ActionReader, known: readonly string[]): Branch {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw new BuiltinError('template: nests too deep');
    const pipeline = action.pipeline();
    action.expectEnd();
    const inner = pipeline.isDeclaration ? [...known, ...pipeline.variables] : known;
    if (kind === 'range') this.#loops += 1;
    const [body, ending] = this.#list(inner);
    if (kind === 'range') this.#loops -= 1;
    const otherwise = this.#otherwise(kind, ending, inner);
    this.#depth -= 1;
    return { kind, pipeline, body, otherwise };
  }

  #otherwise(kind: Branch['kind'], ending: Ending, known: readonly string[]): TemplateNode[] {
    const { word, action } = ending;
    if (word === '' || action === undefined) throw unexpected('');
    if (word === 'end' || action.isAtEnd()) {
      action.expectEnd();
      return word === 'end' ? [] : this.#body(known);
    }
    const next = action.keyword();
    if (next !== kind || next === 'range') throw unexpected('else');
    return [this.#branch(next, action, known)];
  }
}

const maxDepth = 500;

function unexpected(word: string): BuiltinError {
  return new BuiltinError(`template: unexpected ${word === '' ? 'EOF' : `{{${word}}}`}`);
}
