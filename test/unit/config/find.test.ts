import { expect, it } from 'vitest'
import { OperatorError } from '../../../src/base/errors.ts'
import { findConfigFile } from '../../../src/config/find.ts'

const nothing = () => false
const everything = () => true

it('takes the file that is asked for, there or not', () => {
  expect(findConfigFile('a.yaml', { GATEHOUSE_CONFIG: 'b.yaml' }, nothing)).toBe('a.yaml')
  expect(findConfigFile(undefined, { GATEHOUSE_CONFIG: 'b.yaml' }, everything)).toBe('b.yaml')
})

it('looks here first, then in /etc', () => {
  expect(findConfigFile(undefined, {}, everything)).toBe('config.yaml')
  const etc = '/etc/gatehouse/config.yaml'
  expect(findConfigFile(undefined, { GATEHOUSE_CONFIG: '' }, (file) => file === etc)).toBe(etc)
})

it('tells the operator when there is none', () => {
  expect(() => findConfigFile(undefined, {}, nothing)).toThrow(OperatorError)
})
