/** Engines on other machines, of the scripted backend: whatever is added has two models. */
import type { Model, RemoteEngine } from '$/gen/protocol';
import { entry, refusal, type Handlers, type ScriptedHost } from './host';
import { NOW, scriptedModels } from './models';

type EngineCommand = 'engine_list' | 'engine_add' | 'engine_test' | 'engine_remove';

/** A model of an engine, as it stands in the library. */
export function remoteModel(engine: RemoteEngine, name: string): Model {
  const [pattern] = scriptedModels() as [Model];
  return {
    ...pattern,
    id: `${engine.id}-${name}`,
    name,
    key: name,
    path: `${engine.address}#${name}`,
    architecture: '',
    quantization: '',
    size_bytes: 0,
    parameter_count: 0,
    runtime: null,
    runtimes: [],
    root_id: null,
    source: null,
    sha256: null,
    verified_at_ms: null,
    favourite: false,
    deletable: false,
    used_at_ms: null,
    remote: { engine_id: engine.id, engine_name: engine.name, name },
  };
}

export function engineHandlers(host: ScriptedHost): Pick<Handlers, EngineCommand> {
  const engines = new Map<string, RemoteEngine>();
  const put = (engine: RemoteEngine) => {
    engines.set(engine.id, engine);
    for (const name of ['qwen3-32b', 'llama-3.3-70b']) {
      const model = remoteModel(engine, name);
      host.models.set(model.id, model);
      host.emit({ type: 'model_changed', model });
    }
    return engine;
  };
  return {
    engine_list: () => [...engines.values()],
    engine_add: ({ name, address, token }) => {
      if (address.includes('nobody')) throw refusal('network', `\`${name || address}\` does not answer: connection refused`, 'see that it runs');
      const full = `http://${address}/v1`;
      const known = [...engines.values()].find((engine) => engine.address === full);
      const id = known?.id ?? host.id('engine');
      return put({ id, name: name || address, address: full, has_token: token !== '', model_count: 2, asked_at_ms: NOW });
    },
    engine_test: ({ id }) => put({ ...entry(engines, id, 'engine'), asked_at_ms: NOW + 1 }),
    engine_remove: ({ id }) => {
      entry(engines, id, 'engine');
      engines.delete(id);
      for (const model of [...host.models.values()].filter((one) => one.remote?.engine_id === id)) {
        host.models.delete(model.id);
        host.emit({ type: 'model_removed', model_id: model.id });
      }
      return {};
    },
  };
}
