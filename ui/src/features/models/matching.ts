/** Which models a search shows. */
import type { Model } from '$/gen/protocol';

/** Models in which every word of the query appears somewhere a person would look. */
export function matching(models: readonly Model[], query: string): Model[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...models];
  return models.filter((model) => {
    const billions = model.parameter_count / 1e9;
    // As sizes are spoken of: 0.5b, 3b, 15b.
    const size = billions > 0 ? `${billions < 1 ? billions.toFixed(1) : Math.round(billions)}b` : '';
    const text = `${model.name} ${model.key} ${model.architecture} ${model.quantization} ${size}`.toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Bits per weight, from the file's size; `null` when the header does not count its weights. */
export function bitsPerWeight(model: Model): number | null {
  return model.parameter_count > 0 ? (model.size_bytes * 8) / model.parameter_count : null;
}
