/** errno numbers, and epoll's bits (sys/epoll.h). */
import { constants } from 'node:os'

const { errno } = constants
export const EAGAIN = errno.EAGAIN
export const EADDRINUSE = errno.EADDRINUSE
export const EBADF = errno.EBADF
export const EBUSY = errno.EBUSY
export const ECONNREFUSED = errno.ECONNREFUSED
export const ECONNRESET = errno.ECONNRESET
/** The errno with which the addon reports a used-up quota of pipes. */
export const EDQUOT = 122
export const EEXIST = errno.EEXIST
export const EHOSTUNREACH = errno.EHOSTUNREACH
export const EADDRNOTAVAIL = errno.EADDRNOTAVAIL
export const EINVAL = errno.EINVAL
export const EMFILE = errno.EMFILE
export const EMSGSIZE = errno.EMSGSIZE
export const ENOBUFS = errno.ENOBUFS
export const ENOENT = errno.ENOENT
export const ENOMEM = errno.ENOMEM
export const ENOSPC = errno.ENOSPC
export const ENOTCONN = errno.ENOTCONN
export const EOPNOTSUPP = errno.EOPNOTSUPP
export const EPERM = errno.EPERM
export const EPIPE = errno.EPIPE

export const EPOLLIN = 0x1
export const EPOLLPRI = 0x2
export const EPOLLOUT = 0x4
export const EPOLLERR = 0x8
export const EPOLLHUP = 0x10
export const EPOLLRDHUP = 0x2000
