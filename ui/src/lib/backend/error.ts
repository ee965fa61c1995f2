/** Errors of the wire as exceptions. */
import type { ErrorCode, ErrorReport } from '$/gen/protocol';

/** An `ErrorReport` that can be thrown. */
export class BackendError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly trace_id: string;

  constructor(report: ErrorReport) {
    super(report.message);
    this.name = 'BackendError';
    this.code = report.code;
    this.hint = report.hint;
    this.trace_id = report.trace_id;
  }

  /** Whatever was thrown, as an error report that can be shown. */
  static from(thrown: unknown): BackendError {
    if (thrown instanceof BackendError) return thrown;
    if (isReport(thrown)) return new BackendError(thrown);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new BackendError({ code: 'internal', message, hint: null, trace_id: '' });
  }
}

function isReport(thrown: unknown): thrown is ErrorReport {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown && !(thrown instanceof Error);
}
