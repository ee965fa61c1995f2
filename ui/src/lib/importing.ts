/** Adding models: from a dialog, a typed path or a drop, with what came of it as a notice. */
import type { ImportMode, ImportOutcome, Model, PathHandle, PickedPath, PickKind } from '$/gen/protocol';
import { BackendError } from './backend';
import { fileSize, parameterCount, plural, sentence } from './format';
import type { Sirocco } from './state';
import { engineStrings, modelStrings } from './strings.en';

const PROBLEMS_SHOWN = 3;

/** What was found, and each file that is no model, in words. */
export function outcomeText(outcome: ImportOutcome): { text: string; detail: string | null } {
  const [first] = outcome.models;
  const text =
    outcome.models.length === 1 && first
      ? modelStrings.importedOne(first.name)
      : outcome.models.length === 0
        ? modelStrings.importedNone
        : modelStrings.imported(outcome.models.length);
  if (outcome.problems.length === 0) return { text, detail: null };
  const lines = [modelStrings.problems(outcome.problems.length), ...outcome.problems.slice(0, PROBLEMS_SHOWN)];
  const more = outcome.problems.length - PROBLEMS_SHOWN;
  if (more > 0) lines.push(modelStrings.moreProblems(more));
  return { text, detail: lines.join('\n') };
}

function report({ toasts, navigation }: Sirocco, outcome: ImportOutcome): void {
  const { text, detail } = outcomeText(outcome);
  const [only] = outcome.models;
  toasts.show(text, {
    tone: outcome.models.length > 0 ? 'success' : detail ? 'danger' : 'neutral',
    detail,
    duration_ms: detail ? 15_000 : 6_000,
    action:
      outcome.models.length === 1 && only && navigation.modelId !== only.id
        ? { label: modelStrings.openModel, run: () => navigation.openLibrary(only.id) }
        : null,
  });
}

/** Runs one import, scan or the like and tells what came of it. Answers nothing when it failed. */
export async function reported(state: Sirocco, work: () => Promise<ImportOutcome>): Promise<ImportOutcome | null> {
  try {
    const outcome = await work();
    report(state, outcome);
    return outcome;
  } catch (thrown) {
    const error = BackendError.from(thrown);
    // It was stopped by the person.
    if (error.code === 'superseded') state.toasts.show(sentence(error.message));
    else state.toasts.error(error);
    return null;
  }
}

/** Adds files and folders the chosen way (`null`: it is asked for); one notice for all. */
export async function importPaths(state: Sirocco, paths: PickedPath[], mode: ImportMode | null = null): Promise<ImportOutcome | null> {
  const chosen = mode ?? (await state.imports.ask(paths));
  if (chosen === null) return null;
  return all(state, paths, (path) => shown(state, path.handle, () => state.models.import(path.handle, chosen)));
}

/** Shows how far the copying is, with a way to stop it, once there is something to wait for. */
async function shown(state: Sirocco, handle: PathHandle, work: () => Promise<ImportOutcome>): Promise<ImportOutcome> {
  const { imports, toasts, backend } = state;
  let id: number | null = null;
  const stop = () => void backend.call('model_import_cancel', { handle }).catch((thrown) => toasts.error(thrown));
  const unfollow = imports.follow(handle, ({ name, done_bytes, total_bytes }) => {
    const text = modelStrings.copyingFile(name);
    const detail = modelStrings.copiedSoFar(fileSize(done_bytes), fileSize(total_bytes));
    const progress = total_bytes > 0 ? done_bytes / total_bytes : null;
    if (id !== null) toasts.update(id, { text, detail, progress });
    else if (done_bytes < total_bytes)
      id = toasts.show(text, { detail, progress, duration_ms: 0, action: { label: modelStrings.stopCopying, run: stop } });
  });
  try {
    return await work();
  } finally {
    unfollow();
    if (id !== null) toasts.dismiss(id);
  }
}

/** Opens the native dialog and adds what was picked. Answers nothing when it was cancelled. */
export async function pickAndImport(state: Sirocco, kind: PickKind, mode: ImportMode | null = null): Promise<ImportOutcome | null> {
  try {
    const picked = await state.backend.call('path_pick', { kind });
    if (picked.length === 0) return null;
    // Folders are watched where they are; only files can be wanted elsewhere.
    if (kind === 'folder') return await all(state, picked, (path) => state.models.addRoot(path.handle));
    return await importPaths(state, picked, mode);
  } catch (thrown) {
    state.toasts.error(thrown);
    return null;
  }
}

/** Adds a typed path: a folder is watched from now on, a file is added once. Rejects when the path is no good. */
export async function importTyped(state: Sirocco, path: string, mode: ImportMode | null = null): Promise<ImportOutcome | null> {
  const typed = await state.backend.call('path_type', { path });
  return typed.is_folder ? reported(state, () => state.models.addRoot(typed.handle)) : importPaths(state, [typed], mode);
}

function all(state: Sirocco, paths: PickedPath[], add: (path: PickedPath) => Promise<ImportOutcome>): Promise<ImportOutcome | null> {
  return reported(state, async () => {
    const sum: ImportOutcome = { models: [], problems: [] };
    for (const path of paths) {
      const outcome = await add(path);
      sum.models.push(...outcome.models);
      sum.problems.push(...outcome.problems);
    }
    return sum;
  });
}

/** One line about a model: `qwen2 · Q4_K_M · 398 MB · 32,768 tokens`. */
export function modelLine(model: Model): string {
  return [
    model.architecture,
    model.parameter_count > 0 ? parameterCount(model.parameter_count) : null,
    model.remote ? engineStrings.remoteAt(model.remote.engine_name) : fileSize(model.size_bytes),
    model.context_length > 0 ? plural(model.context_length, 'token') : null,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Why a model cannot be loaded here, in words; `null` when it can. */
export function refusalOf(model: Model): string | null {
  if (model.verdict.type === 'missing') return model.remote ? engineStrings.gone(model.remote.engine_name) : modelStrings.missing;
  if (model.verdict.type === 'offline') return modelStrings.offline;
  if (model.verdict.type === 'refused') return model.verdict.reasons[0] ?? modelStrings.refused;
  return null;
}
