/**
 * The shapes that the server answers with, for the type checker. This module holds no code.
 *
 * @typedef {[number, number, number, number]} Box  x0, y0, x1, y1 in pixels of the upright picture
 * @typedef {[number, number]} Corner
 * @typedef {{code: string, message: string}} Problem
 * @typedef {{value: string, probability: number}} Alternative
 * @typedef {{text: string, probability: number}} LineAlternative
 * @typedef {{value: string, confidence: number | null, box: Box, quad: Corner[], alternatives: Alternative[]}} Digit
 * @typedef {{text: string, confidence: number | null, accepted: boolean, box: Box, marks: string[],
 *   digits: Digit[]}} NumberRead
 * @typedef {{text: string, confidence: number | null, box: Box, quad: Corner[], alternatives: LineAlternative[],
 *   problem: Problem | null, numbers: NumberRead[]}} Line
 * @typedef {{index: number, width: number, height: number, dpi: number | null, problem: Problem | null,
 *   lines: Line[]}} Page
 * @typedef {{schema: number, source: string, model: Record<string, string>, seconds: number,
 *   problem: Problem | null, pages: Page[]}} Document
 * @typedef {{page: number, line: number, number: number, index: number, read: string, value: string,
 *   against: string | null, log_odds: number, quad: Corner[], heat: number[][]}} DigitExplanation
 * @typedef {{schema: number, document: Document, digits: DigitExplanation[]}} Explanation
 * @typedef {{code: string, message: string, source: string | null}} ReadError
 * @typedef {{documents: Document[], errors: ReadError[]}} Reading
 */
export {};
