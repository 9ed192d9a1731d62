/** A structural schema, as far as our custom resources use OpenAPI: what the API server checks, and what files are checked by. */
export interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly 'x-kubernetes-list-type'?: 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly SchemaRule[];
}

/** A rule in CEL over `self`, the value that the schema is of. */
export interface SchemaRule {
  readonly rule: string;
  /** What must hold, as a sentence without its end. */
  readonly message: string;
}
