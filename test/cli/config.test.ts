import { expect, test } from 'vitest';
import { applySettings, settingPaths } from '../../experiments/config.ts';

const config = {
  steps: 100,
  rate: 0.1,
  name: 'sgd',
  nesterov: false,
  alphas: [1, 1.5],
  layers: [[1, 2], [3]],
  cap: null,
  optimizer: { momentum: 0.9, schedule: { halveAt: 0.01 } },
};

test('each --set changes one field, keeps its type, and leaves the preset alone', () => {
  const changed = applySettings(config, [
    'steps=2e3',
    'name=adam=w',
    'nesterov=true',
    'alphas=1, 2,-3',
    'optimizer.schedule.halveAt=0.5',
    'cap=7',
    'layers=[[4], []]',
  ]);
  expect(changed).toEqual({
    ...config,
    steps: 2000,
    name: 'adam=w',
    nesterov: true,
    alphas: [1, 2, -3],
    optimizer: { momentum: 0.9, schedule: { halveAt: 0.5 } },
    cap: 7,
    layers: [[4], []],
  });
  expect(config.optimizer.schedule.halveAt).toBe(0.01);
});

test('a later --set of the same key wins, and an array may be emptied', () => {
  expect(applySettings({ a: 1, b: [1] }, ['a=2', 'a=3', 'b='])).toEqual({ a: 3, b: [] });
});

test.each([
  ['steps=many', 'SETTING_TYPE', "expected a number, found 'many'"],
  ['steps=', 'SETTING_TYPE', 'expected a number'],
  ['nesterov=yes', 'SETTING_TYPE', 'expected true or false'],
  ['alphas=1,x', 'SETTING_TYPE', "expected a number, found 'x'"],
  ['alphas=["1"]', 'SETTING_TYPE', 'an array whose elements are each a number'],
  ['alphas=[1', 'SETTING_TYPE', 'expected JSON'],
  ['layers=1,2', 'SETTING_TYPE', 'an array in JSON'],
  ['optimizer=adam', 'SETTING_TYPE', 'optimizer.momentum, optimizer.schedule.halveAt'],
  ['step=3', 'SETTING_UNKNOWN', 'did you mean steps?'],
  ['optimizer.momentun=3', 'SETTING_UNKNOWN', 'did you mean optimizer.momentum?'],
  ['steps.a=3', 'SETTING_UNKNOWN', 'no such key'],
  ['__proto__.polluted=1', 'SETTING_UNKNOWN', 'no such key'],
  ['constructor=1', 'SETTING_UNKNOWN', 'no such key'],
  ['steps', 'SETTING_SYNTAX', 'expected key=value'],
  ['=3', 'SETTING_SYNTAX', 'expected key=value'],
])('--set %s is refused with %s', (setting, code, message) => {
  expect(() => applySettings(config, [setting])).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
  );
});

test('the paths that can be set are the leaves of the configuration', () => {
  expect(settingPaths(config)).toEqual([
    'steps',
    'rate',
    'name',
    'nesterov',
    'alphas',
    'layers',
    'cap',
    'optimizer.momentum',
    'optimizer.schedule.halveAt',
  ]);
});
