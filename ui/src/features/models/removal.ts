/** Taking a model away with the way back: to the trash, or off the library. */
import type { Model } from '$/gen/protocol';
import type { Sirocco } from '$/lib/state';
import { libraryStrings as s, modelStrings } from '$/lib/strings.en';

/** To the trash, with an undo in the notice. Answers whether it went. */
export async function deleteModel({ models, navigation, toasts }: Sirocco, model: Model): Promise<boolean> {
  try {
    await models.delete(model.id);
  } catch (thrown) {
    toasts.error(thrown);
    return false;
  }
  if (navigation.modelId === model.id) navigation.openLibrary(null);
  toasts.show(s.deleted(model.name), {
    action: {
      label: s.undo,
      run: () => void models.restore(model.id).catch((thrown) => toasts.error(thrown)),
    },
  });
  return true;
}

/** Off the library; its file stays. */
export async function forgetModel({ models, navigation, toasts }: Sirocco, model: Model): Promise<void> {
  try {
    await models.forget(model.id);
  } catch (thrown) {
    toasts.error(thrown);
    return;
  }
  if (navigation.modelId === model.id) navigation.openLibrary(null);
  toasts.show(modelStrings.forgotten(model.name));
}
