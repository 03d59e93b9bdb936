// Text from other parties, made harmless before a person sees it. Invariant: what cleanText returns has
// no control, invisible or direction-changing character and no more than `max` characters.

const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu;
/** A lone half of a pair breaks what is concatenated with it. */
const loneSurrogate = /\p{Cs}/gu;

export function cleanText(text: string, max = 120): string {
  const plain = text
    .replace(unprintable, ' ')
    .replace(loneSurrogate, '')
    .replace(/\s+/g, ' ')
    .trim();
  const characters = Array.from(plain);
  return characters.length <= max ? plain : `${characters.slice(0, max - 1).join('')}…`;
}

/** Cleaned text that Markdown shows as it is: no link, image, icon, HTML or emphasis comes of it. */
export const escapeMarkdown = (text: string, max?: number): string =>
  cleanText(text, max)
    .replace(/[\\`*_{}[\]()#+\-.!|~$:@]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
